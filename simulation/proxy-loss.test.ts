/** Calls between two user agents with transactions of their own, through the server, over links that lose and double. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import {
  Endpoint,
  Headers,
  type InviteServerTransaction,
  recordRouteHeader,
  responseTo,
  type SipRequest,
  type SipResponse,
  type Target,
} from '@opencpm/sip';
import { nodeOctets } from '@opencpm/sip/node';
import { roughLink, virtualHashes } from '@opencpm/testkit';
import { inWorld } from './in-world.ts';
import { serverPort, type World } from './world.ts';

const calls = 20;
const server: Target = { transport: 'UDP', address: serverPort };

async function userAgent(world: World, name: string): Promise<{ readonly endpoint: Endpoint; readonly contact: string }> {
  const host = world.nextAddress();
  const network = world.network.host(host, name);
  const endpoint = new Endpoint({
    clock: world.clock,
    random: world.random.fork(name),
    hashes: virtualHashes(),
    octets: nodeOctets,
    network,
    allow: 'any',
  });
  await endpoint.listen('UDP', { host, port: 5060 });
  return { endpoint, contact: `<sip:${name}@${host}:5060>` };
}

/** Answers every call after a while, and repeats that until the ACK has come (RFC 3261 §13.3.1.4). */
async function calledSide(world: World) {
  const { endpoint, contact } = await userAgent(world, 'carol');
  const seen = { invites: 0, acknowledged: new Set<string>(), byes: new Set<string>() };
  const callId = ({ headers }: SipRequest) => headers.text('Call-ID') ?? '';
  const repeat = (transaction: InviteServerTransaction, pause: number, until: number) => {
    if (seen.acknowledged.has(callId(transaction.request)) || world.clock.now() > until) return;
    transaction.respond(accepting(transaction.request, contact));
    world.clock.wakeAt(world.clock.now() + pause, () => repeat(transaction, Math.min(2 * pause, 4000), until));
  };
  endpoint.onInvite = (transaction) => {
    seen.invites += 1;
    transaction.respond(responseTo(transaction.request, 180, { toTag: 'called' }));
    const now = world.clock.now();
    world.clock.wakeAt(now + 1000, () => repeat(transaction, 500, now + 33_000));
  };
  endpoint.onAcknowledgement = (request) => void seen.acknowledged.add(callId(request));
  endpoint.onRequest = (transaction) => {
    seen.byes.add(callId(transaction.request));
    transaction.respond(responseTo(transaction.request, 200));
  };
  return seen;
}

function accepting(request: SipRequest, contact: string): SipResponse {
  const routes = request.headers.texts('Record-Route').map((route) => ['Record-Route', route] as const);
  return responseTo(request, 200, { toTag: 'called', headers: Headers.of(...routes, ['Contact', contact]) });
}

/** A call from its INVITE to the answer to its BYE; gives what came of it. */
async function call(endpoint: Endpoint, contact: string, callId: string): Promise<string> {
  const invite = request('INVITE', 'sip:carol@other.test', callId, [['Contact', contact]]);
  const accepted = await new Promise<SipResponse | string>((resolve) => {
    endpoint.invite(invite, server, {
      response: (response) => {
        if (response.status >= 200 && response.status < 300) endpoint.acknowledge(within(invite, response, 'ACK'), server);
        if (response.status >= 200) resolve(response.status === 200 ? response : `INVITE ${response.status}`);
      },
      failed: ({ kind }) => resolve(`INVITE ${kind}`),
    });
  });
  if (typeof accepted === 'string') return accepted;
  const ended = await endpoint.request(within(invite, accepted, 'BYE'), server);
  return ended.kind === 'response' ? `BYE ${ended.response.status}` : `BYE ${ended.kind}`;
}

function request(method: string, uri: string, callId: string, more: readonly (readonly [string, string])[]): SipRequest {
  const headers = Headers.of(
    ['Max-Forwards', '70'],
    ['From', '<sip:dora@foreign.test>;tag=caller'],
    ['To', '<sip:carol@other.test>'],
    ['Call-ID', callId],
    ['CSeq', `1 ${method}`],
    ...more,
  );
  return { kind: 'request', method, uri, headers, body: new Uint8Array(0) };
}

function within(invite: SipRequest, accepted: SipResponse, method: 'ACK' | 'BYE'): SipRequest {
  const recorded = accepted.headers.all(recordRouteHeader);
  const routes =
    recorded.kind === 'value' ? [...recorded.value].reverse().map((route) => ['Route', recordRouteHeader.encode(route)] as const) : [];
  const target = /<([^>]+)>/.exec(accepted.headers.text('Contact') ?? '')?.[1] ?? '';
  const named = request(method, target, invite.headers.text('Call-ID') ?? '', routes);
  const headers = named.headers.with('To', accepted.headers.text('To') ?? '').with('CSeq', `${method === 'ACK' ? 1 : 2} ${method}`);
  return { ...named, headers };
}

describe('calls over links that lose, double and delay', () => {
  const options = { routes: { 'other.test': 'sip:10.0.0.2' }, trustedPeers: ['10.0.0.3'], conditions: { ...roughLink, loss: 0.15 } };
  inWorld('are answered, acknowledged and ended, each once', options, async (world) => {
    const called = await calledSide(world);
    const { endpoint, contact } = await userAgent(world, 'dora');
    const outcomes = await world.run(
      Promise.all(Array.from({ length: calls }, (_, index) => call(endpoint, contact, `call-${index}`))),
      120_000,
    );
    await world.clock.runFor(40_000);
    assert.deepEqual(outcomes, Array(calls).fill('BYE 200'));
    assert.deepEqual([called.invites, called.acknowledged.size, called.byes.size], [calls, calls, calls]);
    assert.deepEqual([endpoint.load.serverTransactions, endpoint.load.clientTransactions], [0, 0]);
  });
});
