import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ForwardingServer } from './forwarding-server.ts';
import { pagerMessage, serviceTag } from './pager-message.ts';
import {
  arrives,
  body,
  content,
  contentOf,
  cpim,
  fact,
  header,
  headerOf,
  json,
  mime,
  proof,
  report,
  requestUri,
  status,
  staysAway,
} from './property.ts';
import { type Bench, runScenarios, runTampered, tamperedProofs } from './runner.ts';
import { sample } from './sample.ts';
import type { Scenario } from './scenario.ts';
import { reportBy, requestAt, requestSentBy, responseAt } from './selector.ts';
import { statusOf } from './wire-message.ts';

const hello = requestAt('bob', 'MESSAGE', { during: 'start' });
const sent = requestSentBy('alice', 'MESSAGE', { label: 'hello' });
const answer = responseAt('alice', 'MESSAGE', { label: 'hello' });

/** Every kind of property once, over a server of a dozen lines that passes messages on and answers by itself. */
const everyProperty: Scenario = {
  name: 'every kind of property',
  server: {},
  tests: [
    {
      name: 'every kind of property',
      proofs: [
        proof(['X-1-01'], answer, status.equals('200')),
        proof(['X-1-01'], answer, arrives()),
        proof(['X-1-02'], hello, arrives()),
        proof(['X-1-02'], hello, requestUri.equals(fact('bob contact'))),
        proof(['X-1-03'], hello, header('Accept-Contact').contains(serviceTag('msg'))),
        proof(['X-1-03'], hello, header('User-Agent').matches(/^CPM-client\/OMA2\.1 /)),
        proof(['X-1-03'], hello, header('P-Charging-Vector').absent()),
        proof(['X-1-03'], hello, header('Conversation-ID').present()),
        proof(['X-1-04'], hello, header('Contribution-ID').equals(headerOf(sent, 'Contribution-ID'))),
        proof(['X-1-04'], hello, header('Call-ID').differsFrom(headerOf(sent, 'Call-ID'))),
        proof(['X-1-05'], hello, cpim('imdn.Message-ID').equals('abc')),
        proof(['X-1-05'], hello, mime('Content-Type').contains('text/plain')),
        proof(['X-1-06'], hello, content.equals(contentOf(sent))),
        proof(['X-1-06'], hello, content.lacks('secret')),
        proof(['X-1-07'], requestAt('bob', 'MESSAGE', { during: 'quiet' }), staysAway(hello)),
        proof(['X-1-08'], reportBy('log', 'status'), report('status', { message: answer }).equals('200')),
      ],
    },
  ],
  async run(world) {
    const [alice, bob] = [await world.peer('alice'), await world.peer('bob')];
    await bob.register();
    const [from, to] = [world.account('alice').address, world.account('bob').address];
    const response = await alice.request(pagerMessage({ from, to, text: 'hello', label: 'hello', messageId: 'abc' }));
    if (response !== undefined) world.report('log', 'status', { status: statusOf(response) });
    await world.expect(hello);
    world.phase('quiet');
    await alice.request({ method: 'OPTIONS', uri: to, to, headers: [], body: '' });
    await bob.request({ method: 'OPTIONS', uri: from, to: from, headers: [], body: '' });
  },
};

const notice = requestAt('webhook of bob', 'POST', { during: 'start' });

/** A notice over HTTP is a message on the wire as well. */
const everyNotice: Scenario = {
  name: 'every kind of property of a notice',
  server: {},
  tests: [
    {
      name: 'every kind of property of a notice',
      proofs: [
        proof(['X-2-01'], notice, arrives()),
        proof(['X-2-01'], notice, header('Content-Type').equals('application/json')),
        proof(['X-2-02'], notice, json('event').equals('waiting')),
        proof(['X-2-02'], notice, json('messages.0.size').matches(/^\d+$/)),
        proof(['X-2-02'], notice, json('messages.1').absent()),
        proof(['X-2-03'], notice, body.contains('"size":3')),
        proof(['X-2-04'], requestAt('webhook of bob', 'POST', { during: 'quiet' }), staysAway(notice)),
      ],
    },
  ],
  async run(world) {
    world.webhook('bob');
    const posts = (messages: readonly object[]) =>
      world.administer('bob', 'POST', 'notices', { event: 'waiting', user: world.account('bob').user, messages });
    await posts([{ size: 3 }]);
    await world.expect(notice);
    world.phase('quiet');
  },
};

describe('tampering on the wire', () => {
  const server = new ForwardingServer();
  const bench: Bench = { server: async () => server };
  before(() => server.open());
  after(() => server.close());

  test('leaves every proof green when nothing is broken', async () => {
    const results = await runScenarios(bench, [everyProperty, everyNotice]);
    const broken = results.flatMap(({ verdicts }) => verdicts.filter(({ holds }) => !holds).flatMap(({ evidence }) => evidence));
    assert.deepEqual(broken, []);
  });

  test('turns every proof red, each in every way that its property can be broken', async () => {
    const results = await runTampered(bench, tamperedProofs([everyProperty, everyNotice]));
    assert.deepEqual(
      results.filter(({ outcome }) => outcome !== 'red').map(({ tampering, outcome }) => `${outcome}: ${tampering}`),
      [],
    );
    assert.ok(results.length > 20, `${results.length} tamperings`);
  });

  test('does not count a run in which nothing was broken', async () => {
    const never = requestAt('bob', 'MESSAGE', { content: 'never sent' });
    const absent: Scenario = { ...everyProperty, tests: [{ name: 'absent', proofs: [proof(['X-1-09'], never, arrives())] }] };
    const results = await runTampered(bench, tamperedProofs([absent]));
    assert.deepEqual(new Set(results.map(({ outcome }) => outcome)), new Set(['unapplied']));
  });
});

test('a sample is the same for the same seed, and another for another', () => {
  const items = Array.from({ length: 50 }, (_, index) => index);
  assert.deepEqual(sample(items, 5, 7), sample(items, 5, 7));
  assert.notDeepEqual(sample(items, 5, 7), sample(items, 5, 8));
  assert.equal(sample(items, 5, 7).length, 5);
});
