/** The proxy over a real endpoint on a virtual clock: places in turn, the way of each message, what its user is told. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClientOutcome, Target } from '../endpoint/options.ts';
import { Headers } from '../message/headers.ts';
import { emptyBody } from '../message/message.ts';
import { nodeHashes } from '../node/hashes.ts';
import { nodeOctets } from '../node/octets.ts';
import { nodeRandom } from '../node/random.ts';
import { answerTo, incoming, lineOf, settle, statusLine, world } from '../node/test-support/endpoint-world.ts';
import { StatefulProxy } from './proxy.ts';
import type { ProxyTarget } from './proxy-options.ts';

const first: Target = { transport: 'UDP', address: { host: '203.0.113.1', port: 5060 } };
const second: Target = { transport: 'UDP', address: { host: '203.0.113.2', port: 5060 } };

async function proxyWorld(...targets: readonly Partial<ProxyTarget>[]) {
  const made = await world({ allow: 'any' });
  const { endpoint, clock, network, flow } = made;
  const faults: unknown[] = [];
  const tried: string[] = [];
  const finals: number[] = [];
  const proxy = new StatefulProxy({
    endpoint,
    clock,
    hashes: nodeHashes(),
    random: nodeRandom(),
    octets: nodeOctets,
    newTag: () => 'proxy',
    fault: (error) => faults.push(error),
  });
  const note = (place: Target, outcome: ClientOutcome) => {
    const host = 'flow' in place ? place.flow.remote.host : place.address.host;
    tried.push(`${host} ${outcome.kind === 'response' ? outcome.response.status : outcome.kind}`);
  };
  const complete = targets.map((target): ProxyTarget => ({ locate: () => [first], tried: note, ...target }));
  const forward: typeof endpoint.onRequest = (transaction) =>
    proxy.forward(transaction, { request: transaction.request, targets: complete, answered: (status) => finals.push(status) });
  endpoint.onInvite = forward;
  endpoint.onRequest = forward;
  const receive = async (method: string, changes: { readonly via?: string } = {}) => {
    network.deliver(incoming({ method, ...changes }), flow);
    await settle();
  };
  return { ...made, proxy, faults, tried, finals, receive };
}

type ProxyWorld = Awaited<ReturnType<typeof proxyWorld>>;

/** The next thing that was sent to that host. */
function sentTo({ network }: ProxyWorld, host: string): { readonly text: string; respond(status: number): Promise<void> } {
  const found = network.sent.findIndex(({ flow }) => flow.remote.host === host);
  const [sent] = network.sent.splice(found, found < 0 ? 0 : 1);
  assert.ok(sent, `nothing was sent to ${host}`);
  const respond = async (status: number) => {
    network.deliver(answerTo(sent.text, status), sent.flow);
    await settle();
  };
  return { text: sent.text, respond };
}

const caller = '198.51.100.7';

describe('a proxy over an endpoint', () => {
  it('goes to the next place after 503 and after silence, each with a branch of its own, and tells how each was', async () => {
    const made = await proxyWorld({ locate: () => [first, second, first] });
    await made.receive('INVITE');
    const one = sentTo(made, '203.0.113.1');
    await one.respond(503);
    made.network.take();
    made.clock.advance(32_040);
    await settle();
    const branches = [one.text, sentTo(made, '203.0.113.1').text].map((text) => lineOf(text, 'Via'));
    assert.equal(new Set(branches).size, 2);
    assert.deepEqual(made.tried, ['203.0.113.1 503', '203.0.113.2 timeout']);
  });

  it('strips its Via from what goes back, and gives its own answers a tag', async () => {
    const made = await proxyWorld({});
    await made.receive('OPTIONS');
    await sentTo(made, '203.0.113.1').respond(200);
    const back = sentTo(made, caller);
    assert.equal(statusLine(back.text), 'SIP/2.0 200 Reason');
    assert.equal(lineOf(back.text, 'Via'), `SIP/2.0/UDP 198.51.100.7:5070;branch=z9hG4bKone;received=${caller};rport=5070`);
    assert.equal(back.text.split('Via: ').length, 2);
    const nowhere = await proxyWorld({ locate: () => [], unreachableStatus: 480 });
    await nowhere.receive('INVITE');
    assert.match(lineOf(sentTo(nowhere, caller).text, 'To') ?? '', /;tag=proxy$/);
    assert.deepEqual([made.finals, nowhere.finals], [[200], [480]]);
  });

  it('passes on no response that has no Via but its own, and ends the request with 502', async () => {
    const made = await proxyWorld({});
    await made.receive('OPTIONS');
    const sent = sentTo(made, '203.0.113.1');
    const [via = ''] = sent.text.split('\r\n').filter((line) => line.startsWith('Via: '));
    const response = answerTo(sent.text, 200)
      .split('\r\n')
      .filter((line) => !line.startsWith('Via: ') || line === via);
    made.network.deliver(response.join('\r\n'), made.flow);
    await settle();
    assert.match(sentTo(made, caller).text, /^SIP\/2\.0 502 /);
    assert.deepEqual(made.finals, [502]);
  });

  it('lets its user change the request for a place and the response of one, and record a route', async () => {
    const made = await proxyWorld({
      uri: 'sip:bob@203.0.113.1',
      recordRoute: () => 'token',
      finish: (request) => ({ ...request, headers: request.headers.append('X-To', 'first') }),
      clean: (response) => ({ ...response, headers: response.headers.append('X-From', 'first') }),
    });
    await made.receive('INVITE');
    const invite = sentTo(made, '203.0.113.1');
    assert.equal(statusLine(invite.text), 'INVITE sip:bob@203.0.113.1 SIP/2.0');
    assert.deepEqual(
      ['X-To', 'Record-Route', 'Max-Forwards'].map((name) => lineOf(invite.text, name)),
      ['first', '<sip:token@192.0.2.1:5060;lr>', '69'],
    );
    await invite.respond(200);
    assert.equal(lineOf(sentTo(made, caller).text, 'X-From'), 'first');
  });

  it('cancels by the branch and flow of each INVITE, once they ring', async () => {
    const made = await proxyWorld({}, { locate: () => [second] });
    await made.receive('INVITE');
    const ringing = sentTo(made, '203.0.113.1');
    const silent = sentTo(made, '203.0.113.2');
    await ringing.respond(180);
    made.network.take();
    await made.receive('CANCEL');
    const cancel = sentTo(made, '203.0.113.1');
    assert.equal(statusLine(cancel.text), 'CANCEL sip:alice@192.0.2.1 SIP/2.0');
    assert.equal(lineOf(cancel.text, 'Via'), lineOf(ringing.text, 'Via'));
    await silent.respond(100);
    assert.match(sentTo(made, '203.0.113.2').text, /^CANCEL /);
    await ringing.respond(487);
    await silent.respond(487);
    assert.deepEqual(made.finals, [487]);
  });

  it('takes a lookup that fails for nowhere, and tells of the fault', async () => {
    const made = await proxyWorld({ locate: () => Promise.reject(new Error('resolver')) });
    await made.receive('INVITE');
    assert.match(String(made.faults[0]), /resolver/);
    assert.deepEqual(made.finals, [500]);
  });

  it('forwards an ACK to the first place, once, and nothing that goes in a circle', async () => {
    const made = await proxyWorld({});
    const headers = Headers.of(['Via', 'SIP/2.0/UDP 198.51.100.7:5070;branch=z9hG4bKx'], ['Call-ID', 'c1'], ['CSeq', '1 ACK']);
    const ack = { kind: 'request', method: 'ACK', uri: 'sip:bob@203.0.113.9', headers, body: emptyBody } as const;
    const target: ProxyTarget = { locate: () => [first, second] };
    await made.proxy.acknowledge(ack, target);
    const { text } = sentTo(made, '203.0.113.1');
    assert.equal(lineOf(text, 'Max-Forwards'), '70');
    assert.deepEqual(made.network.take(), []);
    const again = { ...ack, headers: headers.prepend('Via', lineOf(text, 'Via') ?? '') };
    await made.proxy.acknowledge(again, target);
    assert.deepEqual(made.network.take(), []);
  });

  it('ends quietly with its endpoint, and leaves no timer behind', async () => {
    const made = await proxyWorld({ locate: () => [first, second] });
    await made.receive('INVITE');
    await made.endpoint.close();
    await settle();
    await settle();
    assert.deepEqual([made.faults, made.clock.wakes], [[], 0]);
  });
});
