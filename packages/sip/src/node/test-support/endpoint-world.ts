/** An endpoint on a virtual clock and network, and the messages that tests exchange with it. */
import assert from 'node:assert/strict';
import type { EndpointOptions, ServerTransaction } from '../../endpoint/options.ts';
import { Endpoint } from '../../endpoint.ts';
import { Headers } from '../../message/headers.ts';
import { emptyBody, responseTo, type SipRequest } from '../../message/message.ts';
import type { Listener } from '../../platform.ts';
import { nodeHashes } from '../hashes.ts';
import { nodeOctets } from '../octets.ts';
import { nodeRandom } from '../random.ts';
import { ManualClock } from './manual-clock.ts';
import { type ScriptedFlow, ScriptedNetwork } from './scripted-network.ts';

export const peer = { host: '198.51.100.7', port: 5070 };

export interface World {
  readonly clock: ManualClock;
  readonly network: ScriptedNetwork;
  readonly endpoint: Endpoint;
  readonly listener: Listener;
  /** The UDP flow with `peer`. */
  readonly flow: ScriptedFlow;
  readonly requests: ServerTransaction[];
  readonly events: string[];
}

export async function world(options: Partial<EndpointOptions> = {}): Promise<World> {
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

export function outgoing(changes: Partial<SipRequest> = {}): SipRequest {
  const headers = Headers.of(
    ['Max-Forwards', '70'],
    ['From', '<sip:alice@example.net>;tag=1'],
    ['To', '<sip:bob@example.net>'],
    ['Call-ID', 'c1'],
    ['CSeq', '1 MESSAGE'],
  );
  return { kind: 'request', method: 'MESSAGE', uri: 'sip:bob@example.net', headers, body: emptyBody, ...changes };
}

export interface Wire {
  readonly method?: string;
  readonly via?: string;
  readonly callId?: string;
  readonly from?: string;
}

export function incoming({
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
export function answerTo(sent: string, status: number): string {
  const copied = sent.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line));
  return [`SIP/2.0 ${status} Reason`, ...copied, 'Content-Length: 0', '', ''].join('\r\n');
}

export function lineOf(text: string | undefined, name: string): string | undefined {
  return text
    ?.split('\r\n')
    .find((line) => line.startsWith(`${name}: `))
    ?.slice(name.length + 2);
}

export function statusLine(text: string | undefined): string | undefined {
  return text?.split('\r\n')[0];
}

export function ok(transaction: ServerTransaction | undefined, status = 200): void {
  assert.ok(transaction);
  transaction.respond(responseTo(transaction.request, status, { toTag: 'a' }));
}

/** Lets promises that are settled already run what waits for them. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}
