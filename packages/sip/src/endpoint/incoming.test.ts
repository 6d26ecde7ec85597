/** Requests that come in: retransmissions, RFC 4320, refusals, faults, and the way of a response. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Endpoint } from '../endpoint.ts';
import { nodeHashes } from '../node/hashes.ts';
import { nodeOctets } from '../node/octets.ts';
import { nodeRandom } from '../node/random.ts';
import { incoming, lineOf, ok, outgoing, peer, settle, statusLine, world } from '../node/test-support/endpoint-world.ts';
import { ManualClock } from '../node/test-support/manual-clock.ts';
import { ScriptedNetwork } from '../node/test-support/scripted-network.ts';

describe('an endpoint as server', () => {
  it('answers a retransmission from the transaction for Timer J, without asking again', async () => {
    const { network, clock, flow, requests, endpoint } = await world();
    network.deliver(incoming(), flow);
    network.deliver(incoming(), flow);
    assert.equal(requests.length, 1);
    assert.deepEqual(network.take(), [], 'an unanswered request has nothing to repeat');
    ok(requests[0]);
    const [answer] = network.take();
    clock.advance(31_900);
    network.deliver(incoming(), flow);
    assert.deepEqual(network.take(), [answer]);
    clock.advance(200);
    assert.equal(endpoint.load.serverTransactions, 0);
    network.deliver(incoming(), flow);
    assert.equal(requests.length, 2);
  });

  it('sends 100 after 3.5 s, not earlier, and again for each retransmission (RFC 4320 §4.1)', async () => {
    const { network, clock, flow, requests } = await world();
    network.deliver(incoming(), flow);
    ok(requests[0], 100);
    clock.advance(3_499);
    assert.deepEqual(network.take(), []);
    clock.advance(21);
    const [trying] = network.take();
    assert.equal(statusLine(trying?.text), 'SIP/2.0 100 Trying');
    network.deliver(incoming(), flow);
    assert.deepEqual(network.take(), [trying]);
    ok(requests[0], 202);
    assert.equal(statusLine(network.take()[0]?.text), 'SIP/2.0 202 Accepted');
  });

  it('forgets a request that nobody answers, and sends no late answer (RFC 4320 §4.2)', async () => {
    const { network, clock, flow, requests, events, endpoint } = await world();
    network.deliver(incoming(), flow);
    clock.advance(32_020);
    assert.deepEqual(events, ['unanswered MESSAGE']);
    assert.equal(endpoint.load.serverTransactions, 0);
    network.take();
    ok(requests[0]);
    assert.deepEqual(network.take(), []);
    assert.equal(clock.wakes, 0);
  });

  it('sends one final response only, no 408, and no provisional but 100 (RFC 4320 §4)', async () => {
    const { network, flow, requests } = await world();
    network.deliver(incoming(), flow);
    for (const status of [408, 180]) assert.throws(() => ok(requests[0], status), /RFC 4320/);
    assert.equal(requests[0]?.answered, false);
    ok(requests[0]);
    assert.equal(requests[0]?.answered, true);
    assert.throws(() => ok(requests[0]), /second final response/);
    assert.equal(network.take().length, 1);
  });

  it('answers 500 for a handler that throws or rejects, and tells of the fault', async () => {
    const { endpoint, network, flow, events } = await world();
    endpoint.onRequest = () => {
      throw new Error('thrown');
    };
    network.deliver(incoming(), flow);
    endpoint.onRequest = () => Promise.reject(new Error('rejected'));
    network.deliver(incoming({ callId: 'c2', via: 'SIP/2.0/UDP 198.51.100.7:5070;branch=z9hG4bKtwo;rport' }), flow);
    await settle();
    assert.deepEqual(
      network.take().map(({ text }) => statusLine(text)),
      ['SIP/2.0 500 Server Internal Error', 'SIP/2.0 500 Server Internal Error'],
    );
    assert.deepEqual(events, ['fault: thrown', 'fault: rejected']);
  });

  it('lets a fault go on its way when nobody listens to faults', async () => {
    const { endpoint, network, flow } = await world({ on: {} });
    endpoint.onRequest = () => {
      throw new Error('thrown');
    };
    assert.throws(() => network.deliver(incoming(), flow), /thrown/);
    assert.equal(statusLine(network.take()[0]?.text), 'SIP/2.0 500 Server Internal Error');
  });

  it('takes a listener that throws for a fault, and answers all the same', async () => {
    const events: string[] = [];
    const { network, flow, requests } = await world({
      on: {
        received: () => {
          throw new Error('listener');
        },
        fault: (error) => events.push(String(error)),
      },
    });
    network.deliver(incoming(), flow);
    ok(requests[0]);
    assert.equal(network.take().length, 1);
    assert.deepEqual(events, ['Error: listener']);
  });

  it('answers 503 with Retry-After past its limit', async () => {
    const { network, flow, requests } = await world({ limits: { serverTransactions: 1, retryAfterSeconds: 7 } });
    network.deliver(incoming(), flow);
    network.deliver(incoming({ via: 'SIP/2.0/UDP 198.51.100.7:5070;branch=z9hG4bKtwo;rport' }), flow);
    const [refusal] = network.take();
    assert.equal(requests.length, 1);
    assert.equal(statusLine(refusal?.text), 'SIP/2.0 503 Service Unavailable');
    assert.equal(lineOf(refusal?.text, 'Retry-After'), '7');
  });

  it('answers 405 with Allow for what it does not serve, INVITE included, each copy alike, and drops ACK', async () => {
    const { network, flow, requests, endpoint } = await world({ allow: ['MESSAGE', 'OPTIONS'] });
    for (const method of ['INVITE', 'INVITE', 'ACK', 'PUBLISH']) network.deliver(incoming({ method }), flow);
    const [first, second, third] = network.take().map(({ text }) => text);
    assert.equal(statusLine(first), 'SIP/2.0 405 Method Not Allowed');
    assert.equal(lineOf(first, 'Allow'), 'MESSAGE, OPTIONS');
    assert.match(lineOf(first, 'To') ?? '', /;tag=[0-9a-f]{16}$/);
    assert.equal(second, first);
    assert.equal(lineOf(third, 'CSeq'), '1 PUBLISH');
    assert.equal(requests.length, 0);
    assert.equal(endpoint.load.serverTransactions, 0);
    for (const method of ['ACK', 'CANCEL']) await assert.rejects(world({ allow: [method] }), /INVITE/);
  });

  it('answers 481 to a CANCEL: only an INVITE can be cancelled (RFC 3261 §9.2)', async () => {
    const { network, flow, requests } = await world();
    network.deliver(incoming(), flow);
    network.deliver(incoming({ method: 'CANCEL' }), flow);
    assert.equal(statusLine(network.take()[0]?.text), 'SIP/2.0 481 Call/Transaction Does Not Exist');
    assert.equal(requests.length, 1);
  });

  it('answers 501 as long as nobody takes the requests', async () => {
    const clock = new ManualClock();
    const network = new ScriptedNetwork();
    const endpoint = new Endpoint({ clock, network, random: nodeRandom(), octets: nodeOctets, hashes: nodeHashes() });
    const listener = await endpoint.listen('UDP', { host: '192.0.2.1', port: 5060 });
    network.deliver(incoming(), network.datagramFlow(listener, peer));
    assert.equal(statusLine(network.take()[0]?.text), 'SIP/2.0 501 Not Implemented');
  });

  it('tells two old clients apart that have no magic cookie (RFC 3261 §17.2.3)', async () => {
    const { network, flow, requests } = await world();
    const via = 'SIP/2.0/UDP 198.51.100.7:5070';
    for (const callId of ['c1', 'c2', 'c1']) network.deliver(incoming({ via, callId }), flow);
    assert.equal(requests.length, 2);
  });

  it('drops keep-alives and what has nothing to answer to', async () => {
    const { network, flow, requests, events } = await world();
    for (const text of ['', '\r\n\r\n', '\0\0\0\0', 'garbage', incoming().replace(/Via: .*\r\n/, '')]) network.deliver(text, flow);
    assert.deepEqual(network.take(), []);
    assert.deepEqual(requests, []);
    assert.deepEqual(events, []);
  });

  it('answers 400 with the reason, and 505, to what is malformed', async () => {
    const { network, flow } = await world();
    network.deliver(incoming().replace('CSeq: 1 MESSAGE', 'CSeq: 1 OPTIONS'), flow);
    network.deliver(incoming().replace(/Call-ID: .*\r\n/, ''), flow);
    network.deliver(incoming().replace(' SIP/2.0\r\nVia', ' SIP/3.0\r\nVia'), flow);
    assert.deepEqual(
      network.take().map(({ text }) => statusLine(text)),
      ['SIP/2.0 400 CSeq names another method', 'SIP/2.0 400 Missing Call-ID', 'SIP/2.0 505 Version Not Supported'],
    );
  });
});

describe('a closed endpoint', () => {
  it('leaves no timer and no connection behind, whatever comes late', async () => {
    const { endpoint, network, clock, flow, requests } = await world();
    network.deliver(incoming(), flow);
    network.connectResults.push('accept');
    const outcome = endpoint.request(outgoing(), { transport: 'TCP', address: peer });
    await endpoint.close();
    ok(requests[0]);
    network.deliver(incoming({ via: 'SIP/2.0/UDP 198.51.100.7:5070;branch=z9hG4bKtwo;rport' }), flow);
    await settle();
    assert.deepEqual(await outcome, { kind: 'transport-failure', reason: 'endpoint closed' });
    assert.deepEqual(network.take(), []);
    assert.equal(requests.length, 1);
    assert.equal(clock.wakes, 0);
    assert.deepEqual(endpoint.load, { serverTransactions: 0, clientTransactions: 0, openTransactions: 0, connections: 0 });
  });

  it('listens no more', async () => {
    const { endpoint } = await world();
    await endpoint.close();
    await assert.rejects(endpoint.listen('UDP', { host: '192.0.2.1', port: 5060 }), /closed/);
  });
});

describe('the way of a response (RFC 3261 §18.2, RFC 3581 §4)', () => {
  const via = async (text: string) => {
    const { network, flow, requests } = await world();
    network.deliver(incoming({ via: text }), flow);
    ok(requests[0]);
    const [sent] = network.take();
    return [lineOf(sent?.text, 'Via'), `${sent?.flow.remote.host}:${sent?.flow.remote.port}`];
  };

  it('with rport: to where the request came from, which the Via tells', async () => {
    assert.deepEqual(await via('SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKx;rport'), [
      'SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKx;received=198.51.100.7;rport=5070',
      '198.51.100.7:5070',
    ]);
  });

  it('without rport: to the port of sent-by, else 5060, at the address it came from', async () => {
    assert.deepEqual(await via('SIP/2.0/UDP 10.0.0.1:5065;branch=z9hG4bKx'), [
      'SIP/2.0/UDP 10.0.0.1:5065;branch=z9hG4bKx;received=198.51.100.7',
      '198.51.100.7:5065',
    ]);
    assert.deepEqual(await via('SIP/2.0/UDP pc.example.net;branch=z9hG4bKx;received=203.0.113.9'), [
      'SIP/2.0/UDP pc.example.net;branch=z9hG4bKx;received=198.51.100.7',
      '198.51.100.7:5060',
    ]);
  });

  it('the Via stays as it is when it says the truth', async () => {
    assert.deepEqual(await via('SIP/2.0/UDP 198.51.100.7:5070;branch=z9hG4bKx'), [
      'SIP/2.0/UDP 198.51.100.7:5070;branch=z9hG4bKx',
      '198.51.100.7:5070',
    ]);
  });

  it('over TCP: the same connection, and a new one to sent-by when that is gone', async () => {
    const { network, requests, endpoint } = await world();
    const accepted = network.connection({ host: '198.51.100.7', port: 33_333 });
    const request = (branch: string) => incoming({ via: `SIP/2.0/TCP 198.51.100.7:5070;branch=z9hG4bK${branch}` });
    network.deliver(request('one'), accepted);
    network.deliver(request('two'), accepted);
    assert.equal(endpoint.load.openTransactions, 2);
    ok(requests[0]);
    assert.equal(network.take()[0]?.flow, accepted);
    assert.equal(endpoint.load.serverTransactions, 1, 'Timer J is zero over TCP');
    assert.equal(endpoint.load.openTransactions, 1);
    accepted.close();
    network.connectResults.push('accept');
    ok(requests[1]);
    await settle();
    assert.deepEqual(network.connects, [peer]);
    assert.equal(statusLine(network.take()[0]?.text), 'SIP/2.0 200 OK');
    assert.equal(endpoint.load.serverTransactions, 0);
    assert.equal(endpoint.load.openTransactions, 0);
  });

  it('over TCP: to where sent-by leads when the peer’s own address takes no connection and the peer is believed (RFC 3263 §5)', async () => {
    const text = incoming({ via: 'SIP/2.0/TCP proxy.example.net;branch=z9hG4bKone' });
    const addresses = async (believed: boolean) => {
      const { network, requests, events } = await world({ followsSentBy: ({ host }) => believed && host === '198.51.100.7' });
      network.services.set('_sip._tcp.proxy.example.net', [{ priority: 0, weight: 0, port: 5070, target: '198.51.100.8' }]);
      const accepted = network.connection({ host: '198.51.100.7', port: 33_333 });
      network.deliver(text, accepted);
      accepted.close();
      network.connectResults.push('refuse', 'accept');
      ok(requests[0]);
      for (const _question of ['address', 'service', 'server']) await settle();
      return { connects: network.connects, sent: network.take().map((sent) => sent.flow.remote), events };
    };
    const believed = await addresses(true);
    assert.deepEqual(believed.connects, [
      { host: '198.51.100.7', port: 5060 },
      { host: '198.51.100.8', port: 5070 },
    ]);
    assert.deepEqual(believed.sent, [{ host: '198.51.100.8', port: 5070 }]);
    const stranger = await addresses(false);
    assert.deepEqual(stranger.connects, [{ host: '198.51.100.7', port: 5060 }]);
    assert.deepEqual(stranger.sent, []);
  });

  it('over TCP: tells of it when there is no connection any more', async () => {
    const { network, requests, events } = await world();
    const accepted = network.connection({ host: '198.51.100.7', port: 33_333 });
    network.deliver(incoming({ via: 'SIP/2.0/TCP 198.51.100.7:5070;branch=z9hG4bKone' }), accepted);
    accepted.close();
    ok(requests[0]);
    await settle();
    assert.deepEqual(events, ['undeliverable: ECONNREFUSED']);
  });
});
