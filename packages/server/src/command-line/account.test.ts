import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { InMemoryAdministration } from '../admin/in-memory-administration.fixture.ts';
import { serveAdministration } from '../admin/serve-administration.ts';
import { type AccountOptions, findAccount } from './account.ts';
import { folderOf } from './folder.fixture.ts';
import { outputOver } from './output.ts';

const file = [
  'domain: example.net',
  'listen: ["tcp://127.0.0.1:5070", "udp://0.0.0.0:5060?advertise=192.0.2.7:5060"]',
  'users:',
  '  - { user: alice, password: wonderland, identities: ["tel:+15550001", "sip:al@example.net"] }',
  '  - { user: bob, password: builder }',
].join('\n');

function folderWithFile(context: TestContext): string {
  const folder = folderOf(context);
  writeFileSync(join(folder, 'opencpm.yaml'), file);
  return folder;
}

async function found(directory: string, options: AccountOptions, environment: Record<string, string> = {}) {
  const write = () => undefined;
  const { signal } = new AbortController();
  const surroundings = { directory, environment, interrupted: signal, writeOut: write, writeError: write };
  const account = await findAccount(
    { surroundings, output: outputOver(write, write, false), configurationFile: undefined, options: {} },
    options,
  );
  return account.kind === 'done' ? account.value : account;
}

test('without a running server the file knows the password, by name and by identity', async (context) => {
  const folder = folderWithFile(context);
  const alice = {
    username: 'alice',
    secret: { password: 'wonderland' },
    server: { transport: 'UDP', host: '127.0.0.1', port: 5060 },
    domain: 'example.net',
  };
  assert.deepEqual(await found(folder, { as: 'alice' }), { identity: 'tel:+15550001', ...alice });
  assert.deepEqual(await found(folder, { as: 'al@example.net' }), { identity: 'sip:al@example.net', ...alice });
  assert.deepEqual(await found(folder, { as: '+1-555-0001' }), { identity: 'tel:+1-555-0001', ...alice });
  const bob = await found(folder, { as: 'sip:bob@EXAMPLE.net' });
  assert.deepEqual([bob], [{ ...alice, identity: 'sip:bob@EXAMPLE.net', username: 'bob', secret: { password: 'builder' } }]);
});

test('a password from the command line or the environment goes before all others, to whichever server is named', async (context) => {
  const folder = folderWithFile(context);
  const dave = await found(folder, { as: 'sip:dave@other.example', password: 'd', server: 'tcp://sip.other.example:5080' });
  assert.deepEqual(dave, {
    identity: 'sip:dave@other.example',
    username: 'dave',
    secret: { password: 'd' },
    server: { transport: 'TCP', host: 'sip.other.example', port: 5080 },
    domain: 'other.example',
  });
  const alice = await found(folder, { as: 'alice' }, { OPENCPM_PASSWORD: 'mirror' });
  assert('secret' in alice);
  assert.deepEqual(alice.secret, { password: 'mirror' });
});

test('a running server gives out the hashes, by name and by identity', async (context) => {
  const folder = folderWithFile(context);
  const users = [{ user: 'erin', password: 'e', identities: ['tel:+15550005', 'sip:erin@example.net'] }];
  const serving = await serveAdministration(new InMemoryAdministration(users, []), join(folder, 'data', 'opencpm.sock'), () => undefined);
  assert(serving.kind === 'serving');
  context.after(() => serving.close());
  const erin = {
    username: 'erin',
    secret: { ha1: { MD5: '0'.repeat(32), 'SHA-256': '0'.repeat(64), realm: 'example.net' } },
    server: { transport: 'UDP', host: '127.0.0.1', port: 5060 },
    domain: 'example.net',
  };
  assert.deepEqual(await found(folder, { as: 'erin' }), { identity: 'sip:erin@example.net', ...erin });
  assert.deepEqual(await found(folder, { as: 'tel:+15550005' }), { identity: 'tel:+15550005', ...erin });
  const nobody = await found(folder, { as: 'sip:nobody@example.net' });
  assert.deepEqual(nobody, { kind: 'failed', exitCode: 1, text: 'Nobody has the identity sip:nobody@example.net.' });
});
