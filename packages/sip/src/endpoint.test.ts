/** The endpoint on a virtual clock and network: every timer, limit and way of an answer. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClientOutcome, EndpointOptions, ServerTransaction } from './endpoint/options.ts';
import { Endpoint } from './endpoint.ts';
import { Headers } from './message/headers.ts';
import { emptyBody, responseTo, type SipRequest } from './message/message.ts';
import { nodeHashes } from './node/hashes.ts';
import { nodeOctets } from './node/octets.ts';
import { nodeRandom } from './node/random.ts';
import type { Listener } from './platform.ts';
import { ManualClock } from './test-support/manual-clock.ts';
import { type ScriptedFlow, ScriptedNetwork } from './test-support/scripted-network.ts';

const peer = { host: '198.51.100.7', port: 5070 };

interface World {
  readonly clock: ManualClock;
  readonly network: ScriptedNetwork;
  readonly endpoint: Endpoint;
  readonly listener: Listener;
  /** The UDP flow with `peer`. */
  readonly flow: ScriptedFlow;
  readonly requests: ServerTransaction[];
  readonly events: string[];
}

async function world(options: Partial<EndpointOptions> = {}): Promise<World> {
  const clock = new ManualClock();
  clock.time = 1_000_000;
  const network = new ScriptedNetwork();
  const events: string[] = [];
  const endpoint = new Endpoint({
    clock,
    network,
    random: nodeRandom(),
    octets: nodeOctets,
    hashes: nodeHashes(),
    on: {
      fault: (error) => events.push(`fault: ${error instanceof Error ? error.message : String(error)}`),
      stray: ({ status }) => events.push(`stray ${status}`),
      unanswered: ({ method }) => events.push(`unanswered ${method}`),
      undeliverable: (_flow, reason) => events.push(`undeliverable: ${reason}`),
      retransmitted: (direction) => events.push(`retransmission ${direction}`),
      longDatagram: () => events.push('long datagram'),
    },
    ...options,
  });
  const requests: ServerTransaction[] = [];
  endpoint.onRequest = (transaction) => {
    requests.push(transaction);
  };
  const listener = await endpoint.listen('UDP', { host: '192.0.2.1', port: 5060 });
  return { clock, network, endpoint, listener, flow: network.datagramFlow(listener, peer), requests, events };
}

function outgoing(changes: Partial<SipRequest> = {}): SipRequest {
  const headers = Headers.of(
    ['Max-Forwards', '70'],
    ['From', '<sip:alice@example.net>;tag=1'],
    ['To', '<sip:bob@example.net>'],
    ['Call-ID', 'c1'],
    ['CSeq', '1 MESSAGE'],
  );
  return { kind: 'request', method: 'MESSAGE', uri: 'sip:bob@example.net', headers, body: emptyBody, ...changes };
}

interface Wire {
  readonly method?: string;
  readonly via?: string;
  readonly callId?: string;
  readonly from?: string;
}

function incoming({
  method = 'MESSAGE',
  via = `SIP/2.0/UDP 198.51.100.7:5070;branch=z9hG4bKone;rport`,
  callId = 'c1',
  from = '1',
}: Wire = {}): string {
  return [
    `${method} sip:alice@192.0.2.1 SIP/2.0`,
    `Via: ${via}`,
    'Max-Forwards: 70',
    `From: <sip:bob@example.net>;tag=${from}`,
    'To: <sip:alice@example.net>',
    `Call-ID: ${callId}`,
    `CSeq: 1 ${method}`,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}

/** The answer of a peer to a request as it was sent. */
function answerTo(sent: string, status: number): string {
  const copied = sent.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line));
  return [`SIP/2.0 ${status} Reason`, ...copied, 'Content-Length: 0', '', ''].join('\r\n');
}

function lineOf(text: string | undefined, name: string): string | undefined {
  return text
    ?.split('\r\n')
    .find((line) => line.startsWith(`${name}: `))
    ?.slice(name.length + 2);
}

function statusLine(text: string | undefined): string | undefined {
  return text?.split('\r\n')[0];
}

const ok = (transaction: ServerTransaction | undefined, status = 200) => {
  assert.ok(transaction);
  transaction.respond(responseTo(transaction.request, status, { toTag: 'a' }));
};

/** Lets promises that are settled already run what waits for them. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

describe('an endpoint as client', () => {
  it('puts its Via on top, retransmits by Timer E and gives up by Timer F (RFC 3261 §17.1.2)', async () => {
    const { endpoint, network, clock, flow } = await world();
    const outcome = endpoint.request(outgoing(), { flow });
    const times: number[] = [];
    for (let tick = 0; tick <= 33_000; tick += 20) {
      for (const { text } of network.take()) {
        times.push(clock.time - 1_000_000);
        assert.match(lineOf(text, 'Via') ?? '', /^SIP\/2\.0\/UDP 192\.0\.2\.1:5060;branch=z9hG4bK[0-9a-f]{24};rport$/);
      }
      clock.advance(20);
    }
    assert.deepEqual(times, [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]);
    assert.deepEqual(await outcome, { kind: 'timeout' });
    assert.deepEqual(endpoint.load, { serverTransactions: 0, clientTransactions: 0, connections: 0 });
    assert.equal(clock.wakes, 0);
  });

  it('resolves with the final response and absorbs its copies for Timer K', async () => {
    const { endpoint, network, clock, flow, events } = await world();
    const outcome = endpoint.request(outgoing(), { flow });
    const sent = network.take()[0]?.text ?? '';
    network.deliver(answerTo(sent, 100), flow);
    network.deliver(answerTo(sent, 202), flow);
    const result = await outcome;
    assert.ok(result.kind === 'response' && result.response.status === 202);
    clock.advance(4_900);
    network.deliver(answerTo(sent, 202), flow);
    assert.deepEqual(events, []);
    clock.advance(200);
    network.deliver(answerTo(sent, 202), flow);
    assert.deepEqual(events, ['stray 202']);
    assert.deepEqual(network.take(), []);
    assert.equal(clock.wakes, 0);
  });

  it('does not take a response whose Via names somebody else (RFC 3261 §18.1.2)', async () => {
    const { endpoint, network, flow, events } = await world();
    void endpoint.request(outgoing(), { flow });
    network.deliver(answerTo(network.take()[0]?.text ?? '', 200).replace('192.0.2.1:5060', '192.0.2.9:5060'), flow);
    assert.deepEqual(events, ['stray 200']);
  });

  it('sends the very same octets for the same branch, and shares the outcome while the transaction lives', async () => {
    const first = await world();
    const second = await world();
    const branch = 'z9hG4bKderived';
    const outcomes = [
      first.endpoint.request(outgoing(), { flow: first.flow }, { branch }),
      first.endpoint.request(outgoing(), { flow: first.flow }, { branch }),
    ];
    void second.endpoint.request(outgoing(), { flow: second.flow }, { branch });
    const sent = first.network.take();
    assert.equal(sent.length, 1);
    assert.equal(sent[0]?.text, second.network.take()[0]?.text);
    first.network.deliver(answerTo(sent[0]?.text ?? '', 200), first.flow);
    const results = await Promise.all(outcomes);
    assert.deepEqual(
      results.map(({ kind }) => kind),
      ['response', 'response'],
    );
  });

  it('ends early when its signal says so', async () => {
    const { endpoint, network, flow, clock } = await world();
    const controller = new AbortController();
    const outcome = endpoint.request(outgoing(), { flow }, { signal: controller.signal });
    controller.abort();
    const aborted: ClientOutcome = { kind: 'transport-failure', reason: 'aborted' };
    assert.deepEqual(await outcome, aborted);
    assert.deepEqual(await endpoint.request(outgoing(), { flow }, { signal: controller.signal }), aborted);
    assert.equal(network.take().length, 1);
    assert.equal(clock.wakes, 0);
  });

  it('fails when the flow closes, when nothing is taken, when there is no way and when it is closed', async () => {
    const { endpoint, network, flow } = await world();
    const waiting = endpoint.request(outgoing(), { flow });
    network.closed(flow, 'ECONNREFUSED');
    const other = network.datagramFlow(
      { transport: 'UDP', address: flow.local, close: () => Promise.resolve() },
      { host: '198.51.100.8', port: 1 },
    );
    network.full = true;
    const outcomes = [
      await waiting,
      await endpoint.request(outgoing(), { flow }),
      await endpoint.request(outgoing(), { flow: other }),
      await endpoint.request(outgoing(), { transport: 'UDP', address: { host: '2001:db8::1', port: 5060 } }),
      await endpoint.request(outgoing(), { transport: 'TCP', address: peer }),
    ];
    network.full = false;
    const last = endpoint.request(outgoing(), { flow: other });
    await endpoint.close();
    outcomes.push(await last, await endpoint.request(outgoing(), { flow: other }));
    assert.deepEqual(
      outcomes.map((outcome) => outcome.kind === 'transport-failure' && outcome.reason),
      [
        'ECONNREFUSED',
        'flow closed',
        'too much waits to be sent',
        'no UDP listener for that address',
        'ECONNREFUSED',
        'endpoint closed',
        'endpoint closed',
      ],
    );
    assert.equal(endpoint.load.clientTransactions, 0);
  });

  it('keeps to its limit of transactions', async () => {
    const { endpoint, flow } = await world({ limits: { clientTransactions: 1 } });
    void endpoint.request(outgoing(), { flow });
    assert.deepEqual(await endpoint.request(outgoing(), { flow }), {
      kind: 'transport-failure',
      reason: 'limit of client transactions reached',
    });
  });

  it('takes no method that has no non-INVITE transaction, and no branch without the cookie', async () => {
    const { endpoint, flow } = await world();
    for (const method of ['INVITE', 'ACK', 'CANCEL'])
      assert.throws(() => endpoint.request(outgoing({ method }), { flow }), /no non-INVITE transaction/);
    assert.throws(() => endpoint.request(outgoing(), { flow }, { branch: 'x' }), /z9hG4bK/);
  });

  it('names itself where a message does not', async () => {
    const { endpoint, network, flow, requests } = await world({ userAgentOrServer: 'OpenCPM' });
    void endpoint.request(outgoing(), { flow });
    void endpoint.request(outgoing({ headers: outgoing().headers.append('User-Agent', 'other') }), { flow });
    network.deliver(incoming(), flow);
    ok(requests[0]);
    const [plain, named, answer] = network.take().map(({ text }) => text);
    assert.equal(lineOf(plain, 'User-Agent'), 'OpenCPM');
    assert.equal(lineOf(named, 'User-Agent'), 'other');
    assert.equal(lineOf(answer, 'Server'), 'OpenCPM');
  });
});

describe('a request over 1,300 octets to a UDP address (RFC 3261 §18.1.1)', () => {
  const long = (octets: number) => outgoing({ body: new Uint8Array(octets).fill(120) });

  it('goes over TCP when there is a connection to be had, with TCP in its Via', async () => {
    const { endpoint, network, clock } = await world();
    network.connectResults.push('accept');
    const outcome = endpoint.request(long(1_300), { transport: 'UDP', address: peer });
    await settle();
    const [sent] = network.take();
    assert.ok(sent);
    assert.equal(sent.flow.transport, 'TCP');
    assert.match(lineOf(sent.text, 'Via') ?? '', /^SIP\/2\.0\/TCP /);
    clock.advance(1_000);
    assert.deepEqual(network.take(), [], 'nothing is retransmitted over TCP');
    network.deliver(answerTo(sent.text, 200), sent.flow);
    assert.equal((await outcome).kind, 'response');
    assert.equal(endpoint.load.clientTransactions, 0);
  });

  it('goes over UDP after all when the connection is refused, and the refusal is remembered for a while', async () => {
    const { endpoint, network, clock, events } = await world();
    for (const expected of [1, 1]) {
      void endpoint.request(long(1_300), { transport: 'UDP', address: peer });
      await settle();
      assert.equal(network.take()[0]?.flow.transport, 'UDP');
      assert.equal(network.connects.length, expected);
    }
    clock.advance(60_000);
    void endpoint.request(long(1_300), { transport: 'UDP', address: peer });
    await settle();
    assert.equal(network.connects.length, 2);
    assert.equal(events.filter((event) => event === 'long datagram').length, 3);
  });

  it('fails above 8,192 octets when there is only UDP', async () => {
    const { endpoint, network } = await world();
    const outcome = await endpoint.request(long(8_192), { transport: 'UDP', address: peer });
    assert.deepEqual(outcome, { kind: 'transport-failure', reason: 'too long for UDP, and over TCP: ECONNREFUSED' });
    assert.deepEqual(network.take(), []);
  });

  it('a shorter one, and one to a flow, stays on UDP', async () => {
    const { endpoint, network, flow } = await world();
    void endpoint.request(long(800), { transport: 'UDP', address: peer });
    void endpoint.request(long(2_000), { flow });
    assert.deepEqual(
      network.take().map((sent) => sent.flow),
      [flow, flow],
    );
    assert.deepEqual(network.connects, []);
  });
});

describe('connections', () => {
  it('are shared by the requests to one address, and say where a new one would be taken', async () => {
    const { endpoint, network } = await world();
    await endpoint.listen('TCP', { host: '192.0.2.1', port: 5060 }, { host: '203.0.113.1', port: 5080 });
    network.connectResults.push('accept');
    for (let count = 0; count < 2; count += 1) void endpoint.request(outgoing(), { transport: 'TCP', address: peer });
    await settle();
    void endpoint.request(outgoing(), { transport: 'TCP', address: peer });
    const sent = network.take();
    assert.equal(network.connects.length, 1);
    assert.equal(new Set(sent.map(({ flow }) => flow)).size, 1);
    assert.equal(sent.length, 3);
    assert.match(lineOf(sent[0]?.text, 'Via') ?? '', /^SIP\/2\.0\/TCP 203\.0\.113\.1:5080;/);
  });

  it('fail what waits on them when they close, and are found by id until then', async () => {
    const { endpoint, network, flow: datagrams } = await world();
    const flow = network.connection(peer);
    assert.equal(endpoint.flow(flow.id), flow);
    const outcome = endpoint.request(outgoing(), { flow });
    flow.close();
    assert.deepEqual(await outcome, { kind: 'transport-failure', reason: 'closed here' });
    assert.equal(endpoint.flow(flow.id), undefined);
    assert.equal(endpoint.flow(datagrams.id), undefined);
    endpoint.learnFlow(datagrams);
    assert.equal(endpoint.flow(datagrams.id), datagrams);
  });

  it('opened here are pinged, and closed when nothing comes back (RFC 5626 §4.4.1)', async () => {
    const { endpoint, network, clock } = await world({ limits: { pingMilliseconds: 30_000 } });
    network.connectResults.push('accept');
    void endpoint.request(outgoing(), { transport: 'TCP', address: peer });
    await settle();
    const flow = network.take()[0]?.flow;
    assert.ok(flow);
    clock.advance(30_000);
    assert.deepEqual(network.take(), [{ text: '\r\n\r\n', flow }]);
    network.deliver('\r\n', flow);
    clock.advance(30_000);
    assert.equal(flow.closed, false);
    assert.equal(network.take().length, 1);
    clock.advance(10_020);
    assert.equal(flow.closed, true);
    assert.equal(endpoint.load.connections, 0);
  });
});

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
    for (const method of ['INVITE', 'ACK']) await assert.rejects(world({ allow: [method] }), /INVITE/);
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
    ok(requests[0]);
    assert.equal(network.take()[0]?.flow, accepted);
    assert.equal(endpoint.load.serverTransactions, 1, 'Timer J is zero over TCP');
    accepted.close();
    network.connectResults.push('accept');
    ok(requests[1]);
    await settle();
    assert.deepEqual(network.connects, [peer]);
    assert.equal(statusLine(network.take()[0]?.text), 'SIP/2.0 200 OK');
    assert.equal(endpoint.load.serverTransactions, 0);
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

describe('a stream', () => {
  it('may be split anywhere', async () => {
    const text = `\r\n${incoming({ via: 'SIP/2.0/TCP a.example;branch=z9hG4bKone' })}\r\n\r\n\r\n${incoming({ via: 'SIP/2.0/TCP a.example;branch=z9hG4bKtwo' })}`;
    for (let split = 1; split < text.length; split += 1) {
      const { network, requests } = await world();
      const flow = network.connection(peer);
      network.deliver(text.slice(0, split), flow);
      network.deliver(text.slice(split), flow);
      assert.equal(requests.length, 2);
      assert.deepEqual(network.take(), [{ text: '\r\n', flow }], 'CRLFCRLF is answered with CRLF');
    }
  });

  it('ends with an answer when it cannot go on', async () => {
    const broken: readonly (readonly [string, string | undefined])[] = [
      [incoming().replace('Content-Length: 0', 'Content-Length: 2000000'), 'SIP/2.0 413 Request Entity Too Large'],
      [incoming().replace('Content-Length: 0\r\n', ''), 'SIP/2.0 400 no Content-Length on a stream'],
      ['@@@@ no SIP at all\r\n\r\n', undefined],
      [`MESSAGE sip:a@b SIP/2.0\r\nX: ${'x'.repeat(70_000)}`, undefined],
    ];
    for (const [text, status] of broken) {
      const { network, requests } = await world();
      const flow = network.connection(peer);
      network.deliver(text, flow);
      assert.equal(statusLine(network.take()[0]?.text), status);
      assert.equal(flow.closed, true);
      assert.deepEqual(requests, []);
    }
  });
});
