/** Requests that go out: timers, failures, limits, and the way they take. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answerTo, incoming, lineOf, ok, outgoing, peer, settle, world } from '../node/test-support/endpoint-world.ts';
import type { ClientOutcome } from './options.ts';

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
    assert.deepEqual(endpoint.load, { serverTransactions: 0, clientTransactions: 0, openTransactions: 0, connections: 0 });
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

describe('a request over 1,300 octets with a detour of its own', () => {
  const long = (octets: number) => outgoing({ body: new Uint8Array(octets).fill(120) });

  it('takes the connection that the detour gives, whether its target is an address or a UDP flow', async () => {
    const { endpoint, network, flow } = await world();
    const connection = network.connection({ host: '203.0.113.9', port: 5060 });
    const detour = () => Promise.resolve({ kind: 'connected', flow: connection } as const);
    for (const target of [{ flow }, { transport: 'UDP', address: peer } as const]) {
      void endpoint.request(long(1_300), target, { detour });
      await settle();
      const [sent] = network.take();
      assert.equal(sent?.flow, connection);
      assert.match(lineOf(sent?.text, 'Via') ?? '', /^SIP\/2\.0\/TCP /);
    }
    assert.deepEqual(network.connects, []);
  });

  it('goes over UDP when there is none, fails above 8,192 octets, and asks nobody when it is short', async () => {
    const { endpoint, network, flow, events } = await world();
    let asked = 0;
    const detour = () => {
      asked += 1;
      return Promise.resolve({ kind: 'failed', reason: 'refused before' } as const);
    };
    void endpoint.request(long(1_300), { flow }, { detour });
    const tooLong = await endpoint.request(long(8_192), { flow }, { detour });
    assert.deepEqual(tooLong, { kind: 'transport-failure', reason: 'too long for UDP, and over TCP: refused before' });
    assert.deepEqual(
      network.take().map((sent) => sent.flow),
      [flow],
    );
    assert.deepEqual(events, ['long datagram']);
    void endpoint.request(outgoing(), { flow }, { detour });
    assert.equal(asked, 2);
    assert.deepEqual(network.connects, []);
  });

  it('is as long as it is with its Via: 1,300 octets stay on UDP, 1,301 do not', async () => {
    const { endpoint, network, flow } = await world();
    const branch = 'z9hG4bKmeasured';
    void endpoint.request(outgoing(), { flow }, { branch });
    const body = 1_300 - (network.take()[0]?.text.length ?? 0) - '1100'.length + '0'.length;
    let asked = 0;
    const detour = () => {
      asked += 1;
      return Promise.resolve({ kind: 'failed', reason: 'none' } as const);
    };
    for (const [index, octets] of [body, body + 1].entries()) {
      void endpoint.request(long(octets), { flow }, { branch: `z9hG4bKmeasure${index}`, detour });
      await settle();
      assert.equal(network.take()[0]?.text.length, 1_300 + index);
      assert.equal(asked, index);
    }
  });

  it('fails when its detour throws, which is a fault', async () => {
    const { endpoint, network, flow, events } = await world();
    const outcome = await endpoint.request(long(1_300), { flow }, { detour: () => Promise.reject(new Error('a mistake')) });
    assert.deepEqual(outcome, { kind: 'transport-failure', reason: 'no way was found' });
    assert.deepEqual(events, ['fault: a mistake']);
    assert.deepEqual(network.take(), []);
  });
});

it('tells of provisional responses while it waits for the final one', async () => {
  const { endpoint, network, flow, events } = await world();
  const heard: number[] = [];
  const onProvisional = ({ status }: { readonly status: number }) => {
    heard.push(status);
    throw new Error('a listener threw');
  };
  const outcome = endpoint.request(outgoing(), { flow }, { onProvisional });
  const sent = network.take()[0]?.text ?? '';
  for (const status of [100, 200]) network.deliver(answerTo(sent, status), flow);
  assert.equal((await outcome).kind, 'response');
  assert.deepEqual(heard, [100]);
  assert.deepEqual(events, ['fault: a listener threw']);
});

it('connects once to an address, and not at all when it is closed', async () => {
  const { endpoint, network } = await world();
  network.connectResults.push('accept');
  const [first, second] = await Promise.all([endpoint.connect(peer, 2_000), endpoint.connect(peer, 2_000)]);
  assert.ok(first.kind === 'connected' && second.kind === 'connected' && first.flow === second.flow);
  assert.equal(network.connects.length, 1);
  await endpoint.close();
  assert.deepEqual(await endpoint.connect(peer, 2_000), { kind: 'failed', reason: 'endpoint closed' });
});
