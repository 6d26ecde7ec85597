import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Endpoint, Headers, portableOctets, type SipRequest, type TransportName } from '@opencpm/sip';
import { VirtualNetwork } from './network/virtual-network.ts';
import { always, answer, byCopy, byMethod, hangUp, inTurn, late, type PeerScript, rawAnswer, silence, twice } from './peer-script.ts';
import { ScriptedPeer } from './scripted-peer.ts';
import { SeededRandom } from './seeded-random.ts';
import { VirtualClock } from './virtual-clock.ts';
import { virtualHashes } from './virtual-hashes.ts';

const aliceAddress = { host: '10.0.0.1', port: 5060 };
const peerAddress = { host: '10.0.0.2', port: 5060 };

/** An endpoint of ours and a scripted peer. */
async function world(script?: PeerScript) {
  const clock = new VirtualClock();
  const random = new SeededRandom('scripted peer');
  const network = new VirtualNetwork({ clock, random });
  const alice = new Endpoint({
    clock,
    random: random.fork('alice'),
    network: network.host('10.0.0.1', 'alice'),
    octets: portableOctets,
    hashes: virtualHashes(),
  });
  for (const transport of ['UDP', 'TCP'] as const) await alice.listen(transport, aliceAddress);
  const host = network.host('10.0.0.2', 'peer');
  const peerOptions = { network: host, clock, random: random.fork('peer'), address: peerAddress };
  const peer = await ScriptedPeer.start(script === undefined ? peerOptions : { ...peerOptions, script });
  const ask = (transport: TransportName = 'UDP', method = 'MESSAGE') =>
    clock.runToEnd(alice.request(requestOf(method), { transport, address: peerAddress }), 120_000);
  return { clock, network, alice, peer, ask };
}

let sequence = 0;
function requestOf(method: string): SipRequest {
  sequence += 1;
  const headers = Headers.of(
    ['Max-Forwards', '70'],
    ['From', '<sip:alice@example.net>;tag=1'],
    ['To', '<sip:peer@example.net>'],
    ['Call-ID', `call-${sequence}`],
    ['CSeq', `1 ${method}`],
  );
  return { kind: 'request', method, uri: 'sip:peer@10.0.0.2', headers, body: new Uint8Array(0) };
}

const request = {
  method: 'MESSAGE',
  uri: 'sip:alice@10.0.0.1',
  from: '<sip:peer@example.net>',
  to: '<sip:alice@example.net>',
  headers: [['Content-Type', 'text/plain']],
  body: 'grüß dich',
} as const;

async function statusOf(asked: ReturnType<Awaited<ReturnType<typeof world>>['ask']>) {
  const outcome = await asked;
  return outcome.kind === 'response' ? outcome.response.status : outcome.kind;
}

describe('a scripted peer that is asked', () => {
  it('answers 200 without a script, over UDP and TCP, and keeps what it got', async () => {
    const { peer, ask } = await world();
    assert.equal(await statusOf(ask('UDP')), 200);
    assert.equal(await statusOf(ask('TCP')), 200);
    assert.deepEqual(
      peer.received.map(({ flow, message }) => [flow.transport, message?.kind]),
      [
        ['UDP', 'request'],
        ['TCP', 'request'],
      ],
    );
    assert.equal(peer.requests('MESSAGE').length, 2);
    assert.equal(peer.requests('OPTIONS').length, 0);
    assert.equal(peer.connections.length, 1);
  });

  it('answers with a status, a reason, headers and a tag that stays the same', async () => {
    const headers = Headers.of(['Retry-After', '7']);
    const { ask } = await world(always(answer(486, { reason: 'Not now', headers })));
    const outcome = await ask();
    assert.ok(outcome.kind === 'response');
    assert.equal(outcome.response.reason, 'Not now');
    assert.equal(outcome.response.headers.text('Retry-After'), '7');
    assert.match(outcome.response.headers.text('To') ?? '', /;tag=[0-9a-f]{16}$/);
  });

  it('stays silent until the client gives up', async () => {
    const { clock, peer, ask } = await world(always(silence));
    const start = clock.now();
    assert.equal(await statusOf(ask()), 'timeout');
    assert.equal(clock.now() - start, 32_000);
    assert.equal(peer.requests().length, 11);
  });

  it('answers a retransmission, not the first copy', async () => {
    const { peer, ask } = await world(byCopy(silence, silence, answer(202)));
    assert.equal(await statusOf(ask()), 202);
    assert.equal(peer.requests().length, 3);
  });

  it('answers late, and twice', async () => {
    const { clock, alice, ask, network } = await world(always(twice(late(400, answer(200)))));
    const start = clock.now();
    assert.equal(await statusOf(ask()), 200);
    assert.equal(clock.now() - start, 402);
    await clock.runFor(1_000);
    assert.equal(network.wireLog.entries.filter(({ from }) => from.host === '10.0.0.2').length, 2);
    await alice.close();
  });

  it('answers one request after the other, and each method by its own script', async () => {
    const { ask } = await world(byMethod({ MESSAGE: inTurn(answer(480), answer(200)) }));
    const statuses = [await statusOf(ask()), await statusOf(ask()), await statusOf(ask()), await statusOf(ask('UDP', 'OPTIONS'))];
    assert.deepEqual(statuses, [480, 200, 200, 501]);
  });

  it('hangs up on a connection', async () => {
    const { peer, ask } = await world(always(hangUp));
    assert.equal(await statusOf(ask('TCP')), 'transport-failure');
    assert.equal(peer.connections.length, 0);
  });

  it('answers with nonsense', async () => {
    const { network, ask } = await world(always(rawAnswer('I am no SIP\r\n\r\n')));
    assert.equal(await statusOf(ask()), 'timeout');
    assert.ok(network.wireLog.toText().includes('I am no SIP\\r\\n'));
  });
});

describe('a scripted peer that asks', () => {
  it('sends a request and finds the responses to it, over UDP and TCP', async () => {
    const { clock, alice, peer } = await world();
    const bodies: string[] = [];
    alice.onRequest = (transaction) => {
      bodies.push(new TextDecoder().decode(transaction.request.body));
      transaction.respond({
        kind: 'response',
        status: 202,
        reason: 'Accepted',
        headers: responseHeaders(transaction.request),
        body: new Uint8Array(0),
      });
    };
    const overUdp = peer.send(request, aliceAddress);
    const connection = await clock.runToEnd(peer.connect(aliceAddress), 1_000);
    const overTcp = peer.send(request, connection);
    await clock.runFor(100);
    assert.deepEqual(bodies, ['grüß dich', 'grüß dich']);
    for (const names of [overUdp, overTcp])
      assert.deepEqual(
        peer.responses(names).map(({ status }) => status),
        [202],
      );
    assert.equal(peer.responses().length, 2);
  });

  it('sends what it is told to, wrong as it is', async () => {
    const { clock, peer } = await world();
    const names = peer.send(
      { ...request, via: 'SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKown', branch: 'z9hG4bKown', contentLength: 99 },
      aliceAddress,
    );
    peer.sendRaw('nonsense', aliceAddress);
    await clock.runFor(100);
    assert.deepEqual(
      peer.responses(names).map(({ status }) => status),
      [400],
    );
  });

  it('answers pings on its connections unless it is told not to', async () => {
    for (const answersPings of [true, false]) {
      const clock = new VirtualClock();
      const network = new VirtualNetwork({ clock, random: new SeededRandom('ping') });
      const options = { clock, random: new SeededRandom('peer'), answersPings };
      const peer = await ScriptedPeer.start({ ...options, network: network.host('10.0.0.2'), address: peerAddress });
      const other = await ScriptedPeer.start({ ...options, network: network.host('10.0.0.1'), address: aliceAddress });
      other.sendRaw('\r\n\r\n', await clock.runToEnd(other.connect(peerAddress), 1_000));
      await clock.runFor(100);
      assert.equal(peer.received.length, 1);
      assert.equal(
        network.wireLog.entries.filter(({ event, from }) => event === 'segment' && from.host === '10.0.0.2').length,
        answersPings ? 1 : 0,
      );
      await peer.close();
      await other.close();
    }
  });

  it('says why it cannot connect, and needs a connection where it has no UDP socket', async () => {
    const { clock, network } = await world();
    const options = {
      network: network.host('10.0.0.3'),
      clock,
      random: new SeededRandom('tcp only'),
      address: { host: '10.0.0.3', port: 5060 },
    };
    const peer = await ScriptedPeer.start({ ...options, transports: ['TCP'] });
    network.refuseConnections(aliceAddress);
    await assert.rejects(clock.runToEnd(peer.connect(aliceAddress), 1_000), /cannot connect to 10\.0\.0\.1 port 5060: ECONNREFUSED/);
    assert.throws(() => peer.send(request, aliceAddress), /no UDP socket/);
  });
});

function responseHeaders(received: SipRequest): Headers {
  return received.headers.filter(({ key }) => ['via', 'from', 'to', 'call-id', 'cseq'].includes(key));
}
