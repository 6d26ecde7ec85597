import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { Flow, SipResponse } from '@opencpm/sip';
import { parseMessage } from '@opencpm/sip';
import { nodeOctets } from '@opencpm/sip/node';
import { bobUri, texts } from './clients.ts';
import { inWorld, only, waitingRows } from './in-world.ts';
import type { Phone } from './phone.ts';
import { serverPort, type World } from './world.ts';

interface Flooder {
  send(text: string): void;
  /** The statuses that came back. */
  readonly answers: SipResponse[];
}

/** A socket on somebody's host from which datagrams come that bring nobody anything. */
async function flooderBeside(world: World, phone: Phone): Promise<Flooder> {
  const answers: SipResponse[] = [];
  const { host } = phone.peer.address;
  const network = world.network.host(host, 'flooder');
  const listener = await network.listen(
    'UDP',
    { host, port: 6666 },
    {
      received: (octets) => {
        const parsed = parseMessage(octets, nodeOctets);
        if (parsed.kind === 'message' && parsed.message.kind === 'response') answers.push(parsed.message);
      },
      flowClosed: () => undefined,
    },
  );
  const flow: Flow = network.datagramFlow(listener, serverPort);
  return { answers, send: (text) => void flow.send(new TextEncoder().encode(text)) };
}

function message(host: string, number: number, sequence = `${number} MESSAGE`): string {
  const lines = [
    `MESSAGE ${bobUri} SIP/2.0`,
    `Via: SIP/2.0/UDP ${host}:6666;branch=z9hG4bK-flood-${number};rport`,
    'Max-Forwards: 70',
    `From: <sip:alice@cpm.test>;tag=${number}`,
    `To: <${bobUri}>`,
    `Call-ID: flood-${number}@${host}`,
    `CSeq: ${sequence}`,
    'Content-Length: 0',
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function statuses(flooder: Flooder): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { status } of flooder.answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

const limits = { malformedPerSecond: 5, unauthenticatedPerSecond: 5 };

describe('what one address may send that brings nobody anything', () => {
  const floods = [
    { kind: 'malformed', status: 400, text: (host: string, number: number) => message(host, number, `${number} OPTIONS`) },
    { kind: 'unauthenticated', status: 407, text: (host: string, number: number) => message(host, number) },
  ] as const;
  for (const { kind, status, text } of floods) {
    inWorld(`${kind}: ten seconds’ worth is answered, then once a second; his neighbours write on`, { limits }, async (world) => {
      const bob = await world.registeredPhone('bob');
      const alice = await world.registeredPhone('alice');
      const { host } = alice.peer.address;
      const flooder = await flooderBeside(world, alice);
      for (let number = 0; number < 1000; number += 1) flooder.send(text(host, number));
      await world.clock.runFor(500);
      // Ten seconds' worth, and the one of this second.
      assert.deepEqual(statuses(flooder), { [status]: 51 });
      for (let second = 1; second <= 3; second += 1) {
        for (let number = 0; number < 100; number += 1) flooder.send(text(host, second * 1000 + number));
        assert.equal((await alice.message(bobUri, { body: `at second ${second}` })).status, 200);
        await world.clock.runFor(1000);
      }
      // What five a second have given back after half a second, and after two more with one answer beyond it each.
      assert.deepEqual(statuses(flooder), { [status]: 51 + 2 + 6 + 6 });
      assert.deepEqual(texts(bob), ['at second 1', 'at second 2', 'at second 3']);
    });
  }

  inWorld('a trusted peer is never limited', { limits, trustedPeers: ['10.0.0.2'] }, async (world) => {
    const edge = await world.phone('alice');
    const { host } = edge.peer.address;
    const flooder = await flooderBeside(world, edge);
    for (let number = 0; number < 300; number += 1) flooder.send(message(host, number, `${number} OPTIONS`));
    await world.clock.runFor(500);
    assert.deepEqual(statuses(flooder), { 400: 300 });
  });

  inWorld('nothing is kept of what was dropped', { limits }, async (world) => {
    const alice = await world.phone('alice');
    const flooder = await flooderBeside(world, alice);
    for (let number = 0; number < 1000; number += 1) flooder.send(message(alice.peer.address.host, number));
    await world.clock.runFor(100);
    const metrics = await world.run(world.server.server.answerHttp('GET', '/metrics'));
    assert.match(metrics.body, /opencpm_sip_requests_dropped_total\{kind="unauthenticated"\} 949/);
  });
});

describe('a server that has more to do than it can', () => {
  const slow = { commitMilliseconds: 2000, limits: { pendingCommits: 100 }, trustedPeers: ['10.0.0.2'] };

  inWorld('refuses new requests for the moment, finishes what it took, and takes requests again', slow, async (world) => {
    const edge = await world.peer('edge');
    const names = Array.from({ length: 300 }, (_, number) =>
      edge.send({ method: 'MESSAGE', uri: bobUri, from: '<sip:alice@cpm.test>', to: `<${bobUri}>`, body: `number ${number}` }, serverPort),
    );
    await world.clock.runFor(30_000);
    const answers = names.map((name) => only(edge.responses(name).filter(({ status }) => status >= 200)));
    const [taken, refused] = [answers.filter(({ status }) => status === 202), answers.filter(({ status }) => status === 503)];
    assert.equal(taken.length + refused.length, 300);
    assert.ok(taken.length >= 80 && refused.length >= 80, `${taken.length} taken, ${refused.length} refused`);
    for (const { headers } of refused) assert.match(headers.text('Retry-After') ?? '', /^\d+$/);
    assert.deepEqual(await waitingRows(world), { deferred: taken.length, owed: 0 });
    const later = edge.send({ method: 'MESSAGE', uri: bobUri, from: '<sip:alice@cpm.test>', to: `<${bobUri}>`, body: 'later' }, serverPort);
    await world.clock.runFor(10_000);
    assert.equal(only(edge.responses(later).filter(({ status }) => status >= 200)).status, 202);
  });
});
