import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe } from 'node:test';
import { answer, late, type RequestNames, silence } from '@opencpm/testkit';
import { bobsClient, bobUri } from './clients.ts';
import { inWorld, waitingRows } from './in-world.ts';
import { cpmMessage, type Phone } from './phone.ts';
import type { World } from './world.ts';

const records = { file: '/records.jsonl' };

/** One message that a client takes, one that waits and is pushed, one that nobody may send: what each leaves behind. */
async function everyOutcome(world: World): Promise<Phone> {
  const alice = await world.phone('alice');
  const bob = await bobsClient(world, () => answer(200));
  assert.equal(
    (await alice.message(bobUri, { ...cpmMessage('very secret words', { messageId: 'm-1' }), callId: 'relayed-1' })).status,
    200,
  );
  assert.equal((await bob.deregister()).status, 200);
  assert.equal((await alice.message(bobUri, { ...cpmMessage('words for later', { messageId: 'm-2' }), callId: 'deferred-1' })).status, 202);
  await world.clock.runFor(5000);
  assert.equal((await bob.register()).status, 200);
  await world.clock.runFor(2000);
  assert.equal((await alice.message('sip:nobody@cpm.test', cpmMessage('to nobody'))).status, 404);
  assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  return bob;
}

async function metricsOf(world: World): Promise<readonly string[]> {
  const { status, body } = await world.run(world.server.server.answerHttp('GET', '/metrics'));
  assert.equal(status, 200);
  return body.split('\n');
}

describe('metrics', () => {
  inWorld('each outcome is counted once, by function, outcome and status', {}, async (world) => {
    await everyOutcome(world);
    const lines = (await metricsOf(world)).filter((line) => line.startsWith('opencpm_messages_total{'));
    assert.deepEqual(lines, [
      'opencpm_messages_total{function="originating",outcome="delivered",status="200"} 1',
      'opencpm_messages_total{function="originating",outcome="deferred",status="202"} 1',
      'opencpm_messages_total{function="originating",outcome="refused",status="404"} 1',
      'opencpm_messages_total{function="terminating",outcome="delivered",status="200"} 1',
      'opencpm_messages_total{function="terminating",outcome="deferred",status="202"} 1',
      'opencpm_messages_total{function="deferred",outcome="pushed",status="200"} 1',
    ]);
  });

  inWorld('queues, registrations, pushes, requests and commits are there', {}, async (world) => {
    const bob = await everyOutcome(world);
    const alice = await world.registeredPhone('alice');
    assert.equal((await bob.deregister()).status, 200);
    assert.equal((await alice.message(bobUri, cpmMessage('still waits'))).status, 202);
    await world.clock.runFor(8000);
    const lines = await metricsOf(world);
    const seriesValue = (series: string) => Number(lines.find((line) => line.startsWith(`${series} `))?.split(' ')[1]);
    assert.equal(seriesValue('opencpm_users'), 2);
    assert.equal(seriesValue('opencpm_bindings{state="reachable"}'), 1);
    assert.equal(seriesValue('opencpm_push_attempts_total{outcome="delivered"}'), 1);
    assert.equal(seriesValue('opencpm_deferred_messages'), 1);
    assert.ok(seriesValue('opencpm_deferred_oldest_age_seconds') >= 8);
    assert.equal(seriesValue('opencpm_sip_requests_total{method="MESSAGE",status="407"}'), 4);
    assert.equal(seriesValue('opencpm_sip_transactions{kind="open"}'), 0);
    assert.equal(seriesValue('opencpm_database_pending_commits'), 0);
    assert.ok(seriesValue('opencpm_database_commit_duration_seconds_count') > 4);
  });

  inWorld('the metrics are those of docs/operating.md, with their types and texts', {}, async (world) => {
    const page = readFileSync(resolve(import.meta.dirname, '../docs/operating.md'), 'utf8');
    const rows = [...page.matchAll(/^\| `([a-z_]+)` \| (counter|gauge|histogram) \| [^|]* \| (.+) \|$/gm)];
    const exposed = await metricsOf(world);
    const comments = exposed.filter((line) => line.startsWith('#'));
    assert.ok(rows.length > 25);
    assert.deepEqual(
      comments,
      rows.flatMap(([, name, type, help]) => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]),
    );
  });
});

describe('log lines', () => {
  inWorld(
    'every line of a message has its ids, and none shows an address, a number or a body',
    { users: ['alice', { user: 'bob', password: 'bob', identities: [bobUri, 'tel:+15550002'], loopbackOnly: false }] },
    async (world) => {
      await everyOutcome(world);
      const alice = await world.phone('alice');
      assert.equal((await alice.message('tel:+15550002', cpmMessage('to a number'))).status, 200);
      const outcomes = world.server.log.filter(({ text }) => text === 'A message has an outcome.');
      assert.equal(outcomes.length, 8);
      for (const { fields } of outcomes) {
        assert.match(String(fields.messageId), /^m-/);
        assert.deepEqual([fields.conversationId, fields.contributionId], ['conversation-1', `contribution-${fields.messageId}`]);
      }
      assert.equal(outcomes[0]?.fields.callId, 'relayed-1');
      // A Call-ID is an id and is shown, whatever its client has made it of.
      const shown = world.server.log.map(({ text, fields: { callId, domain, listen, ...fields } }) => JSON.stringify([text, fields]));
      for (const line of shown) assert.doesNotMatch(line, /alice|bob|nobody@|cpm\.test|15550002|secret|words|10\.0\.0\./);
    },
  );
});

describe('message records', () => {
  inWorld('a message record says who, what, how it ended and how long it waited', { records }, async (world) => {
    await everyOutcome(world);
    const lines = world.server.records.map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map((record) => [record.function, record.outcome, record.status]),
      [
        ['terminating', 'delivered', 200],
        ['originating', 'delivered', 200],
        ['terminating', 'deferred', 202],
        ['originating', 'deferred', 202],
        ['deferred', 'pushed', 200],
        ['originating', 'refused', 404],
      ],
    );
    const [terminating, originating, , , pushed] = lines;
    const names = {
      conversationId: 'conversation-1',
      contributionId: 'contribution-m-1',
      messageId: 'm-1',
    };
    const { time, id, bodyBytes, ...said } = originating;
    assert.deepEqual(said, {
      ...names,
      function: 'originating',
      servedUser: 'sip:alice@cpm.test',
      otherParty: bobUri,
      callId: 'relayed-1',
      service: 'msg',
      status: 200,
      outcome: 'delivered',
    });
    assert.deepEqual([terminating.servedUser, terminating.otherParty], [bobUri, 'sip:alice@cpm.test']);
    assert.ok(bodyBytes > 100 && terminating.bodyBytes === bodyBytes);
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.equal(new Set(lines.map((record) => record.id)).size, 6);
    assert.deepEqual(
      lines.map((record) => record.id).toSorted(),
      lines.map((record) => record.id),
    );
    assert.ok(id !== undefined && pushed.waitedMilliseconds >= 5000);
  });

  inWorld('who sends anonymously is named by his own record only', { records }, async (world) => {
    const alice = await world.phone('alice');
    await bobsClient(world, () => answer(200));
    const anonymous = cpmMessage('from somebody', { headers: [['Privacy', 'id']] });
    assert.equal((await alice.message(bobUri, anonymous)).status, 200);
    const [terminating, originating] = world.server.records.map((line) => JSON.parse(line));
    assert.equal(originating.servedUser, 'sip:alice@cpm.test');
    assert.equal(JSON.stringify(terminating).includes('alice'), false);
  });
});

/** A message on its way to its recipient, authenticated; nobody waits for the answer yet. */
async function underWay(world: World, alice: Phone, bob: Phone): Promise<RequestNames> {
  const first = alice.send(alice.messageTemplate(bobUri, cpmMessage('under way')));
  await world.clock.runUntil(() => alice.answerTo(first) !== undefined, 1000);
  const challenge = alice.answerTo(first) ?? assert.fail();
  const credentials = alice.credentials(alice.messageTemplate(bobUri), challenge, {}) ?? assert.fail();
  const names = alice.send({ ...alice.messageTemplate(bobUri, cpmMessage('under way', { headers: [credentials] })), sequence: 2 });
  await world.clock.runUntil(() => bob.received().length === 1, 1000);
  return names;
}

describe('a server that drains', () => {
  inWorld('answers what it has taken, refuses what is new, and says that it is not ready', {}, async (world) => {
    const { server } = world.server;
    const alice = await world.phone('alice');
    const bob = await bobsClient(world, () => late(3000, answer(200)));
    assert.equal((await world.run(server.answerHttp('GET', '/readyz'))).status, 200);
    const names = await underWay(world, alice, bob);
    let drained = false;
    const draining = server.drain().then(() => {
      drained = true;
    });
    const ready = await world.run(server.answerHttp('GET', '/readyz'));
    assert.deepEqual([ready.status, JSON.parse(ready.body)], [503, { ready: false, reasons: ['draining'] }]);
    const refused = await bob.exchange(bob.messageTemplate('sip:alice@cpm.test', cpmMessage('too late')));
    assert.deepEqual([refused.status, refused.headers.text('Retry-After')], [503, '10']);
    assert.equal((await bob.exchange(bob.registerTemplate())).status, 503);
    assert.equal(drained, false);
    await world.run(draining);
    assert.equal(alice.answerTo(names)?.status, 200);
    await world.run(world.server.stop());
  });

  inWorld('ends at once when nothing is under way', {}, async (world) => {
    const began = world.clock.now();
    await world.run(world.server.server.drain());
    assert.equal(world.clock.now() - began, 0);
  });

  inWorld('waits no longer than it is told, and promises nothing then', { drainSeconds: 2, faultsExpected: true }, async (world) => {
    const alice = await world.phone('alice');
    const bob = await bobsClient(world, () => silence);
    const names = await underWay(world, alice, bob);
    const began = world.clock.now();
    await world.run(world.server.server.drain());
    assert.equal(world.clock.now() - began, 2000);
    await world.run(world.server.stop());
    assert.equal(alice.answerTo(names), undefined, 'no 2xx, so its client sends it again');
    assert.ok(world.server.log.some(({ level, text }) => level === 'warn' && text.includes('still under way')));
  });
});
