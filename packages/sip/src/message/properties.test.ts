import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalAddress } from '../uri/canonical-address.ts';
import { sameUri } from '../uri/same-uri.ts';
import { formatUri, parseUri } from '../uri/uri.ts';
import { checkRequest } from './check-request.ts';
import { StreamFramer } from './framer.ts';
import type { HeaderField } from './header-field.ts';
import { acceptContactHeader } from './headers/accept-contact.ts';
import { authorizationHeader } from './headers/authorization.ts';
import { contactHeader } from './headers/contact.ts';
import { cseqHeader } from './headers/cseq.ts';
import { dateHeader } from './headers/date.ts';
import { fromHeader } from './headers/from.ts';
import { routeHeader } from './headers/route.ts';
import { toHeader } from './headers/to.ts';
import { viaHeader } from './headers/via.ts';
import { warningHeader } from './headers/warning.ts';
import { wwwAuthenticateHeader } from './headers/www-authenticate.ts';
import { Headers } from './headers.ts';
import { Malformed } from './malformed.ts';
import { responseTo, type SipMessage } from './message.ts';
import { octetsToText, portableOctets, textToOctets } from './octets.ts';
import { Parameters } from './parameters.ts';
import { parseMessage } from './parse.ts';
import { Reader } from './reader.ts';
import { serializeMessage } from './serialize.ts';

const tokenCharacters = "abcXYZ019-.!%*_+`'~".split('');
const token = fc.string({ unit: fc.constantFrom(...tokenCharacters), minLength: 1, maxLength: 12 });
/** Octets that may stand in a header line: everything but line ends. */
const octetString = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 30 });
const headerText = octetString.map((text) => text.replaceAll('\r', '').replaceAll('\n', '').trim());
const body = fc.uint8Array({ maxLength: 50 });
const unknownHeaders = fc
  .array(fc.tuple(token, headerText), { maxLength: 8 })
  .map((pairs) => pairs.filter(([name]) => name.toLowerCase() !== 'l'));

const message: fc.Arbitrary<SipMessage> = fc.oneof(
  fc.record({
    kind: fc.constant('request' as const),
    method: token,
    uri: token.map((user) => `sip:${user}@home1.example`),
    headers: unknownHeaders.map((pairs) => Headers.of(...pairs)),
    body,
  }),
  fc.record({
    kind: fc.constant('response' as const),
    status: fc.integer({ min: 100, max: 699 }),
    reason: headerText,
    headers: unknownHeaders.map((pairs) => Headers.of(...pairs)),
    body,
  }),
);

const corpora = join(import.meta.dirname, 'corpora/rfc4475');
const seeds = ['valid', 'invalid'].flatMap((folder) =>
  readdirSync(join(corpora, folder)).map((file) => readFileSync(join(corpora, folder, file))),
);

/** A message of the corpus with octets changed, cut out and doubled. */
const mutated = fc
  .tuple(
    fc.constantFrom(...seeds),
    fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.constantFrom('set', 'cut', 'double')), { maxLength: 12 }),
  )
  .map(([seed, changes]) => {
    let octets = [...seed];
    for (const [place, octet, change] of changes) {
      const at = place % Math.max(1, octets.length);
      if (change === 'set') octets[at] = octet;
      else if (change === 'cut') octets.splice(at, 1 + (octet % 40));
      else octets = [...octets.slice(0, at), ...octets.slice(Math.max(0, at - (octet % 40)))];
    }
    return Uint8Array.from(octets);
  });

const typed: readonly HeaderField<unknown>[] = [
  viaHeader,
  fromHeader,
  toHeader,
  contactHeader,
  routeHeader,
  cseqHeader,
  dateHeader,
  warningHeader,
  acceptContactHeader,
  authorizationHeader,
  wwwAuthenticateHeader,
];

describe('parse and serialize', () => {
  it('give back every message, unknown headers and bodies octet for octet', () => {
    fc.assert(
      fc.property(message, (sent) => {
        const octets = serializeMessage(sent, portableOctets);
        const result = parseMessage(octets, portableOctets);
        assert.ok(result.kind === 'message', JSON.stringify(result));
        const { headers, ...start } = result.message;
        const { headers: sentHeaders, ...sentStart } = sent;
        assert.deepEqual({ ...start, body: [...start.body] }, { ...sentStart, body: [...sentStart.body] });
        assert.deepEqual(
          headers.without('Content-Length').raw.map(({ name, value }) => [name, value]),
          sentHeaders.raw.map(({ name, value }) => [name, value]),
        );
        assert.deepEqual(serializeMessage(result.message, portableOctets), octets);
      }),
    );
  });

  it('bear any octets: every answer is a value, and what is read can be written and read again', () => {
    fc.assert(
      fc.property(mutated, (octets) => assertHandled(octets)),
      { numRuns: 1500 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => assertHandled(octets)));
  });

  it('frame any octets the same, whole and octet by octet', () => {
    fc.assert(
      fc.property(mutated, (octets) => {
        const whole = new StreamFramer(portableOctets).push(octets);
        const piecewise = new StreamFramer(portableOctets);
        const pieces = [...octets].flatMap((octet) => piecewise.push(Uint8Array.of(octet)));
        assert.deepEqual(
          pieces.map((event) => JSON.stringify(event)),
          whole.map((event) => JSON.stringify(event)),
        );
      }),
    );
  });
});

function assertHandled(octets: Uint8Array): void {
  const result = parseMessage(octets, portableOctets);
  if (result.kind === 'keep-alive') return;
  const read = result.kind === 'malformed' ? result.partial : result.message;
  if (read === undefined) return;
  for (const field of typed) {
    read.headers.get(field);
    read.headers.all(field);
  }
  if (read.kind === 'request') {
    checkRequest(read);
    const answer = parseMessage(serializeMessage(responseTo(read, 400, { toTag: 'x' }), portableOctets), portableOctets);
    assert.equal(answer.kind, 'message', 'an answer is always well formed');
  }
  if (result.kind !== 'message') return;
  const again = parseMessage(serializeMessage(result.message, portableOctets), portableOctets);
  assert.ok(again.kind === 'message', JSON.stringify(again));
  const linesOf = ({ headers }: SipMessage) => headers.lines.filter((line) => line.key !== 'content-length').map((line) => line.line);
  assert.deepEqual(linesOf(again.message), linesOf(result.message));
}

describe('Parameters', () => {
  it('quote brackets that are no IPv6 reference', () => {
    for (const value of ['[', ']', 'a[b]', '[a]b', '[a][b]']) assert.equal(Parameters.of(['a', value]).toString(), `;a="${value}"`);
    assert.equal(Parameters.of(['maddr', '[2001:db8::1]']).toString(), ';maddr=[2001:db8::1]');
  });

  it('are read as they were written, whatever their values hold', () => {
    const pair = fc.tuple(token, fc.oneof(fc.constant(true as const), headerText));
    fc.assert(
      fc.property(fc.uniqueArray(pair, { selector: ([name]) => name.toLowerCase(), maxLength: 6 }), (pairs) => {
        const written = Parameters.of(...pairs);
        const read = new Reader(written.toString()).parameters();
        assert.ok(!(read instanceof Malformed), written.toString());
        assert.deepEqual([...read], pairs);
        assert.equal(read.toString(), written.toString());
        for (const [name, value] of pairs) assert.equal(read.get(name.toUpperCase()), value);
      }),
    );
  });
});

describe('typed headers', () => {
  it('give the same value again after writing', () => {
    fc.assert(
      fc.property(mutated, (octets) => {
        const result = parseMessage(octets, portableOctets);
        if (result.kind !== 'message') return;
        for (const field of typed) {
          for (const value of result.message.headers.all(field).value ?? []) {
            const text = field.encode(value);
            const again = field.decode(text);
            assert.ok(!(again instanceof Malformed), text);
            assert.equal(field.encode(again), text);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('URIs', () => {
  const uriText = fc.oneof(
    fc
      .tuple(token, token, fc.integer({ min: 1, max: 65_535 }))
      .map(([user, value, port]) => `sip:${encodeURIComponent(user)}@h.example:${port};x=${encodeURIComponent(value)}`),
    octetString.map((text) => `sip:${text}`),
    octetString.map((text) => `tel:+1${text}`),
  );

  it('are written as they were read, equal themselves, and their key is its own key', () => {
    fc.assert(
      fc.property(uriText, (text) => {
        const uri = parseUri(text);
        if (uri instanceof Malformed) return;
        assert.equal(formatUri(uri), text);
        assert.ok(sameUri(uri, uri));
        const key = canonicalAddress(uri) ?? '';
        const again = parseUri(key);
        assert.ok(!(again instanceof Malformed), key);
        assert.equal(canonicalAddress(again), key);
      }),
    );
  });
});

describe('octet strings', () => {
  it('carry every text, and every octet through the codec', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => assert.equal(octetsToText(textToOctets(text)), text.toWellFormed())));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 10_000 }), (octets) => {
        assert.deepEqual(portableOctets.encode(portableOctets.decode(octets, 0, octets.length)), octets);
      }),
      { numRuns: 20 },
    );
  });
});
