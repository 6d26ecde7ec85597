/** The parser, all typed headers and the serializer. */
import assert from 'node:assert/strict';
import {
  canonicalAddress,
  checkRequest,
  formatUri,
  type HeaderField,
  Malformed,
  type ParseResult,
  parseMessage,
  parseUri,
  requestUri,
  responseTo,
  type SipMessage,
  type SipRequest,
  sameUri,
  serializeMessage,
  type Uri,
} from '@opencpm/sip';
import { nodeOctets } from '@opencpm/sip/node';
import { sentLimits } from '../answer-oracle.ts';
import { CountingOctets } from '../counting-octets.ts';
import { rough } from '../mutate.ts';
import { anyMessages } from '../seeds.ts';
import type { Target } from '../target.ts';
import { withoutEcho } from '../words.ts';
import { typedHeaders } from './typed-headers.ts';

export const parseTarget: Target = {
  name: 'parse',
  share: 40,
  seeds: anyMessages,
  roughness: [rough],
  casesPerLife: 100_000,
  open: () => {
    const codec = new CountingOctets();
    return Promise.resolve({ run: (octets) => parseAll(octets, codec), end: () => Promise.resolve() });
  },
};

function parseAll(octets: Buffer, codec: CountingOctets): readonly string[] {
  const result = parseMessage(octets, codec);
  codec.assertWithin(octets.length);
  if (result.kind === 'keep-alive') return ['keep-alive'];
  const read = result.kind === 'malformed' ? result.partial : result.message;
  if (read !== undefined) for (const field of typedHeaders) readField(read, field);
  if (read?.kind === 'request') assertAnswerable(read);
  if (result.kind === 'message') assertSurvives(result.message);
  return [outcomeOf(result)];
}

function outcomeOf(result: ParseResult): string {
  if (result.kind === 'keep-alive') return result.kind;
  if (result.kind === 'malformed')
    return `${result.partial === undefined ? 'dropped' : 'refused'} ${result.status} ${withoutEcho(result.reason)}`;
  if (result.message.kind === 'response') return 'response';
  const problem = checkRequest(result.message);
  return problem === undefined ? 'request' : `refused ${problem.status} ${withoutEcho(problem.reason)}`;
}

/** What a codec read it writes, reads again and writes the same. */
function readField(message: SipMessage, field: HeaderField<unknown>): void {
  message.headers.get(field);
  const all = message.headers.all(field);
  for (const value of all.value ?? []) {
    const text = field.encode(value);
    const again = field.decode(text);
    assert.ok(!(again instanceof Malformed), `${field.name} writes what it does not read: ${text}`);
    assert.equal(field.encode(again), text, `${field.name} reads something else than it wrote`);
    if (isAddressed(value)) assertUri(value.uri);
  }
}

function isAddressed(value: unknown): value is { readonly uri: Uri } {
  return typeof value === 'object' && value !== null && 'uri' in value && typeof value.uri === 'object';
}

function assertUri(uri: Uri): void {
  assert.ok(sameUri(uri, uri), 'a URI is not itself');
  const again = parseUri(formatUri(uri));
  assert.ok(!(again instanceof Malformed) && sameUri(uri, again) && sameUri(again, uri), `not the same after writing: ${formatUri(uri)}`);
  const key = canonicalAddress(uri);
  if (key === undefined) return;
  const keyUri = parseUri(key);
  assert.ok(!(keyUri instanceof Malformed) && canonicalAddress(keyUri) === key, `a key that is not its own key: ${key}`);
}

function assertAnswerable(request: SipRequest): void {
  const uri = requestUri(request);
  if (!(uri instanceof Malformed)) assertUri(uri);
  const answer = parseMessage(serializeMessage(responseTo(request, 400, { toTag: 'x' }), nodeOctets), nodeOctets, sentLimits);
  assert.equal(answer.kind, 'message', 'an answer that is no message');
}

/** Written again it is the same message, every header line octet for octet but Content-Length. */
function assertSurvives(message: SipMessage): void {
  const octets = serializeMessage(message, nodeOctets);
  const again = parseMessage(octets, nodeOctets, sentLimits);
  assert.ok(again.kind === 'message', `written as what is not read: ${JSON.stringify(again).slice(0, 200)}`);
  assert.deepEqual(linesOf(again.message), linesOf(message));
  assert.ok(Buffer.from(again.message.body).equals(Buffer.from(message.body)), 'another body');
  assert.ok(Buffer.from(serializeMessage(again.message, nodeOctets)).equals(Buffer.from(octets)), 'written in another way the second time');
}

function linesOf({ headers }: SipMessage): readonly string[] {
  return headers.lines.filter((line) => line.key !== 'content-length').map((line) => line.line);
}
