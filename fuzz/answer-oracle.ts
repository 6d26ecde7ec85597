/** What must hold for every message that we send, whatever came before. */
import assert from 'node:assert/strict';
import {
  cseqHeader,
  defaultParseLimits,
  type FrameEvent,
  type HostPort,
  type ParseLimits,
  parseMessage,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  toHeader,
  unfold,
  type Via,
  viaHeader,
} from '@opencpm/sip';
import { nodeOctets } from '@opencpm/sip/node';

/** Faults of the server that an answer may own up to: not built, busy, another version, too large. A 500 is a finding. */
const allowedServerFailures: ReadonlySet<number> = new Set([501, 503, 505, 513]);

/** What is written of a message that just keeps the limits has a few lines more than that: Content-Length, Server. */
export const sentLimits: ParseLimits = { ...defaultParseLimits, maximumHeadOctets: 80_000, maximumHeaders: 264 };

/** The message that those octets are; what we send is one always. */
export function sentMessage(octets: Uint8Array): SipMessage {
  const result = parseMessage(octets, nodeOctets, sentLimits);
  assert.ok(result.kind === 'message', `we sent what is no message: ${JSON.stringify(result).slice(0, 300)}`);
  return result.message;
}

/** The requests that somebody sent us and whose answers we know by. */
export function requestIn(octets: Uint8Array): SipRequest | undefined {
  const result = parseMessage(octets, nodeOctets);
  if (result.kind === 'malformed') return result.partial;
  return result.kind === 'message' && result.message.kind === 'request' ? result.message : undefined;
}

/** What stands in an event of a stream: a frame, or the head of what could not be framed. */
export function octetsIn(event: FrameEvent): Uint8Array | undefined {
  if (event.kind === 'ping') return undefined;
  return event.kind === 'frame' ? event.octets : event.head;
}

export function assertStatus({ status, reason, headers }: SipResponse): void {
  // RFC 3261 §10.3 step 7 has a 500 for a REGISTER that was overtaken.
  if (status === 500 && headers.text('Warning')?.includes('A later REGISTER has come before this one')) return;
  assert.ok(status < 500 || status >= 600 || allowedServerFailures.has(status), `answered ${status} ${reason}`);
}

/** The response belongs to the request: RFC 3261 §8.2.6.2, with what a server writes into the top Via. */
export function assertAnswers(request: SipRequest, response: SipResponse, source: HostPort): void {
  // What a client answered so that nobody could pass it on is 502 to him whose request was proxied (RFC 3261 §21.5.3).
  if (response.status !== 502 || answeredHere.has(request.method)) assertStatus(response);
  assert.notEqual(request.method, 'ACK', 'an ACK was answered');
  assertVias(request, response, source);
  // A proxy sends on what the next one answered, in his words (RFC 3261 §16.7); MESSAGE and REGISTER are answered here.
  if (!answeredHere.has(request.method)) return;
  for (const name of ['From', 'Call-ID', 'CSeq'])
    assert.deepEqual(response.headers.texts(name), request.headers.texts(name), `${name} of the answer`);
  assertTo(request, response);
}

const answeredHere: ReadonlySet<string> = new Set(['MESSAGE', 'REGISTER']);

/** As it came, or with a tag that we added. */
function assertTo(request: SipRequest, response: SipResponse): void {
  const [sent, ...more] = response.headers.texts('To').map(unfold);
  const asked = request.headers.texts('To').map(unfold);
  if (asked.length === 0) assert.equal(sent, undefined);
  if (sent === asked[0]) {
    assert.deepEqual(more, asked.slice(1), 'further To of the answer');
    return;
  }
  assert.ok(sent?.startsWith(`${asked[0]};tag=`), `To of the answer: ${sent}`);
  assert.ok(response.status > 100, 'a tag in 100');
  assert.equal(request.headers.value(toHeader)?.tag, undefined, 'a second tag');
}

function assertVias(request: SipRequest, response: SipResponse, source: HostPort): void {
  const asked = request.headers.value(viaHeader);
  const sent = response.headers.value(viaHeader);
  if (asked === undefined || sent === undefined) {
    assert.equal(sent, asked, 'the Via of the answer');
    return;
  }
  assert.deepEqual(coreOf(sent), coreOf(asked), 'the top Via of the answer');
  if (asked.rport !== undefined) assert.deepEqual([sent.received, sent.rport], [source.host, source.port]);
  else if (asked.host !== source.host) assert.equal(sent.received, source.host);
  const lower = lowerVias(request);
  if (lower !== undefined) assert.deepEqual(lowerVias(response), lower, 'the lower Vias of the answer');
}

/** All but the first, or undefined when one of them is malformed: then the request is, and its answer goes by the first. */
function lowerVias({ headers }: SipMessage): readonly string[] | undefined {
  const all = headers.all(viaHeader);
  return all.value === undefined ? undefined : all.value.slice(1).map(viaHeader.encode);
}

function coreOf({ protocol, transport, host, port, branch, parameters }: Via) {
  return { protocol, transport, host: host.toLowerCase(), port, branch, parameters: parameters.toString() };
}

/** True when the response may be one to that request, to find it among several. */
function namesSame(request: SipRequest, response: SipResponse): boolean {
  const branchOf = ({ headers }: SipMessage) => headers.value(viaHeader)?.branch;
  const sequenceOf = ({ headers }: SipMessage) => headers.value(cseqHeader)?.sequence;
  const sameBranch = branchOf(request) === branchOf(response);
  if (!answeredHere.has(request.method) && sameBranch && branchOf(request) !== undefined) return true;
  return sameBranch && sequenceOf(request) === sequenceOf(response) && request.headers.text('Call-ID') === response.headers.text('Call-ID');
}

/** Throws unless one of the requests may have got that answer: several may have the same names. */
export function assertAnswersOne(asked: readonly Asked[], response: SipResponse): void {
  const candidates = asked.filter(({ request }) => namesSame(request, response));
  assert.ok(candidates.length > 0, `an answer to nothing: ${response.status} ${response.headers.texts('Via').join().slice(0, 300)}`);
  const faults = candidates.map(({ request, source }) => faultOf(() => assertAnswers(request, response, source)));
  if (!faults.includes(undefined)) throw faults[0];
}

/** A request that was sent to us, and from where. */
export interface Asked {
  readonly request: SipRequest;
  readonly source: HostPort;
}

function faultOf(check: () => void): unknown {
  try {
    check();
    return undefined;
  } catch (error) {
    return error ?? new Error('an empty fault');
  }
}
