import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { InMemoryAdministration } from '../admin/in-memory-administration.fixture.ts';
import { folderOf } from './folder.fixture.ts';
import { folderServedBy, run } from './in-process.fixture.ts';

/** A folder with an installation whose server does not run and that has a user bob. */
async function offline(context: TestContext): Promise<string> {
  const folder = folderOf(context);
  writeFileSync(join(folder, 'opencpm.yaml'), 'domain: example.net\nusers: [{ user: bob, password: b }]\n');
  assert.equal((await run(folder, 'user', 'add', 'carol', '--password', 'c')).code, 0);
  return folder;
}

/** One in which a server seems to run that has a user bob. */
function served(context: TestContext): Promise<string> {
  return folderServedBy(context, new InMemoryAdministration([{ user: 'bob', password: 'b', identities: [] }], []));
}

function parsed(text: string): unknown {
  return JSON.parse(text);
}

const nobodys = { user: 'bob', maySend: true, rules: [], blocked: [], profiles: [] };
const instance = 'urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6';

for (const [where, open] of [
  ['the database of a server that does not run', offline],
  ['the socket of a server that runs', served],
] as const) {
  describe(`rules and lists over ${where}`, () => {
    it('adds a rule, lists it and removes it', async (context) => {
      const folder = await open(context);
      const rule = ['user', 'rule', 'add', 'bob', '--action', 'forward', 'record', '--forward-to', 'tel:+15550077', '--json'];
      const added = await run(folder, ...rule);
      assert.deepEqual([added.code, added.error], [0, '']);
      const { id } = Object(parsed(added.out));
      const expected = {
        id,
        actions: ['record', 'forward'],
        from: 'everybody',
        media: ['standalone'],
        valid: [],
        forwardTo: 'tel:+15550077',
        holds: true,
      };
      assert.deepEqual(parsed(added.out), expected);
      assert.deepEqual(parsed((await run(folder, 'user', 'rule', 'list', 'bob', '--json')).out), { ...nobodys, rules: [expected] });
      assert.deepEqual(parsed((await run(folder, 'user', 'rule', 'remove', 'bob', id, '--json')).out), nobodys);
      const again = await run(folder, 'user', 'rule', 'remove', 'bob', id);
      assert.deepEqual([again.code, again.error], [1, `bob has no rule ${id}.\n`]);
    });

    it('blocks and unblocks a contact', async (context) => {
      const folder = await open(context);
      const uri = 'sip:mallory@example.net';
      const { out, code } = await run(folder, 'user', 'block', 'bob', uri);
      assert.deepEqual([code, out], [0, `bob gets no messages of ${uri} any more.\n`]);
      assert.match((await run(folder, 'user', 'rule', 'list', 'bob')).out, /Blocked: sip:mallory@example\.net/);
      assert.deepEqual(parsed((await run(folder, 'user', 'unblock', 'bob', uri, '--json')).out), nobodys);
    });

    it('bars a user from sending and lets him send again', async (context) => {
      const folder = await open(context);
      assert.equal((await run(folder, 'user', 'bar', 'bob')).out, 'bob may not send.\n');
      assert.match((await run(folder, 'user', 'rule', 'list', 'bob')).out, /May not send/);
      assert.equal((await run(folder, 'user', 'unbar', 'bob')).out, 'bob may send.\n');
      assert.deepEqual(parsed((await run(folder, 'user', 'rule', 'list', 'bob', '--json')).out), nobodys);
    });

    it('takes a device out of the delivery and puts it in again', async (context) => {
      const folder = await open(context);
      const { out } = await run(folder, 'user', 'device', 'bob', `<${instance}>`, '--gets', 'nothing', '--json');
      assert.deepEqual(parsed(out), { ...nobodys, profiles: [{ instance: `<${instance}>`, media: [] }] });
      assert.deepEqual(parsed((await run(folder, 'user', 'device', 'bob', `<${instance}>`, '--gets', 'messages', '--json')).out), nobodys);
    });

    it('says that a user is not there', async (context) => {
      const folder = await open(context);
      for (const words of [
        ['rule', 'list', 'dave'],
        ['rule', 'add', 'dave', '--action', 'reject'],
        ['block', 'dave', 'sip:a@b'],
        ['bar', 'dave'],
      ]) {
        const { code, error } = await run(folder, 'user', ...words);
        assert.deepEqual([code, error], [1, 'There is no user dave.\n'], words.join(' '));
      }
    });
  });
}

describe('what a rule may not say', () => {
  const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['nothing', [], /does nothing/],
    ['to forward, but not where', ['--action', 'forward'], /needs an address/],
    ['where to forward, but not to', ['--action', 'reject', '--forward-to', 'sip:a@b'], /needs the action forward/],
    ['for whom in two ways', ['--action', 'reject', '--others', '--from', 'sip:a@b'], /not for both/],
    ['a name that is no address', ['--action', 'reject', '--from', 'mallory'], /mallory is no sip or tel URI/],
    [
      'an end before its beginning',
      ['--action', 'reject', '--valid-from', '2026-02-01', '--valid-until', '2026-01-01'],
      /ends before it begins/,
    ],
    ['to push standalone messages', ['--action', 'push', '--media', 'standalone'], /says nothing about standalone messages/],
    ['to reject deferred messages', ['--action', 'reject', '--media', 'deferred'], /says nothing about deferred messages/],
    ['whose messages are recorded', ['--action', 'record', '--from', 'sip:a@b'], /cannot depend on who sent/],
    ['whose expired messages are stored', ['--expired', 'store', '--others'], /cannot depend on who sent/],
  ];
  for (const [what, words, problem] of wrong) {
    it(what, async (context) => {
      const { code, out, error } = await run(await served(context), 'user', 'rule', 'add', 'bob', ...words);
      assert.deepEqual([code, out], [1, '']);
      assert.match(error, problem);
    });
  }

  it('words that are no actions and no times', async (context) => {
    const folder = await served(context);
    for (const words of [
      ['--action', 'ignore'],
      ['--action', 'reject', '--valid-until', 'tomorrow'],
      ['--action', 'reject', '--media', 'chat'],
      ['--expired', 'keep'],
    ])
      assert.equal((await run(folder, 'user', 'rule', 'add', 'bob', ...words)).code, 2, words.join(' '));
    assert.equal((await run(folder, 'user', 'device', 'bob', instance)).code, 2);
  });
});

describe('what `rule list` shows', () => {
  it('is a line a rule, with the times in which it holds', async (context) => {
    const folder = await offline(context);
    assert.equal((await run(folder, 'user', 'rule', 'list', 'bob')).out, 'No rules: every message is delivered.\n');
    const night = ['--action', 'do-not-disturb', '--valid-from', '2026-01-15T22:00:00+01:00', '--valid-until', '2026-01-16T06:00:00Z'];
    await run(folder, 'user', 'rule', 'add', 'bob', ...night);
    await run(folder, 'user', 'rule', 'add', 'bob', '--action', 'reject', '--others', '--valid-until', '2020-01-01T00:00:00Z');
    await run(folder, 'user', 'rule', 'add', 'bob', '--action', 'store', '--media', 'deferred', '--expired', 'discard');
    const { out } = await run(folder, 'user', 'rule', 'list', 'bob');
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/).slice(1));
    assert.deepEqual(lines, [
      ['ACTION', 'FROM', 'ABOUT', 'VALID'],
      ['do-not-disturb', 'everybody', '-', 'from 2026-01-15T21:00:00.000Z until 2026-01-16T06:00:00.000Z (not now)'],
      ['reject', 'others', 'standalone', 'until 2020-01-01T00:00:00.000Z (not now)'],
      ['store, discard what has expired', 'everybody', 'deferred', 'always'],
    ]);
  });

  it('does not outlive the user', async (context) => {
    const folder = await offline(context);
    await run(folder, 'user', 'block', 'carol', 'sip:a@b');
    await run(folder, 'user', 'remove', 'carol');
    await run(folder, 'user', 'add', 'carol', '--password', 'c');
    assert.deepEqual(parsed((await run(folder, 'user', 'rule', 'list', 'carol', '--json')).out), { ...nobodys, user: 'carol' });
  });
});
