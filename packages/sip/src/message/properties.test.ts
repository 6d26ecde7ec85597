import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalAddress } from '../uri/canonical-address.ts';
import { sameUri } from '../uri/same-uri.ts';
import { formatUri, parseUri, type Uri } from '../uri/uri.ts';
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
import type { ParseLimits } from './limits.ts';
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

describe('a stream', () => {
  const stream = fc
    .array(
      fc.oneof(
        message.map((sent) => Buffer.from(serializeMessage(sent, portableOctets))),
        fc.constant(Buffer.from('\r\n\r\n')),
        mutated.map((octets) => Buffer.from(octets)),
      ),
      { maxLength: 4 },
    )
    .map((parts) => Uint8Array.from(Buffer.concat(parts)));

  it('gives the same events however it is cut', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(2000), { maxLength: 12 }), (octets, cuts) => {
        const places = [0, ...cuts.filter((cut) => cut < octets.length).sort((one, other) => one - other), octets.length];
        const framer = new StreamFramer(portableOctets);
        const pieces = places.slice(1).map((end, index) => octets.subarray(places[index], end));
        assert.deepEqual(
          pieces.flatMap((piece) => framer.push(piece).map((event) => JSON.stringify(event))),
          new StreamFramer(portableOctets).push(octets).map((event) => JSON.stringify(event)),
        );
      }),
      { numRuns: 300 },
    );
  });
});

describe('limits', () => {
  const limits = fc.record({
    maximumHeadOctets: fc.integer({ min: 30, max: 600 }),
    maximumHeaders: fc.integer({ min: 1, max: 12 }),
    maximumBodyOctets: fc.nat(60),
  });

  it('hold for whatever is read: past them a datagram is 413 or 513, and no frame is larger', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          mutated,
          message.map((sent) => serializeMessage(sent, portableOctets)),
        ),
        limits,
        (octets, bounds) => {
          const result = parseMessage(octets, portableOctets, bounds);
          if (result.kind === 'message') assertWithin(result.message, octets, bounds);
          else if (result.kind === 'malformed') assert.ok([400, 413, 505, 513].includes(result.status));
          for (const event of new StreamFramer(portableOctets, bounds).push(octets)) {
            if (event.kind === 'frame') assert.ok(event.octets.length <= bounds.maximumHeadOctets + bounds.maximumBodyOctets);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('are met exactly: what just fits is read, one more is refused', () => {
    fc.assert(
      fc.property(message, (sent) => {
        const octets = serializeMessage(sent, portableOctets);
        const bounds = {
          maximumHeadOctets: octets.length - sent.body.length,
          maximumHeaders: sent.headers.raw.length + 1,
          maximumBodyOctets: sent.body.length,
        };
        const statusWith = (narrower: Partial<typeof bounds>) => {
          const result = parseMessage(octets, portableOctets, { ...bounds, ...narrower });
          return result.kind === 'malformed' ? result.status : result.kind;
        };
        assert.equal(statusWith({}), 'message');
        assert.equal(statusWith({ maximumHeadOctets: bounds.maximumHeadOctets - 1 }), 513);
        assert.equal(statusWith({ maximumHeaders: bounds.maximumHeaders - 1 }), 513);
        if (sent.body.length > 0) assert.equal(statusWith({ maximumBodyOctets: bounds.maximumBodyOctets - 1 }), 413);
      }),
    );
  });
});

function assertWithin(read: SipMessage, octets: Uint8Array, bounds: ParseLimits): void {
  assert.ok(read.headers.raw.length <= bounds.maximumHeaders);
  assert.ok(read.body.length <= bounds.maximumBodyOctets);
  const head = Buffer.from(octets)
    .toString('latin1')
    .replace(/^(\r\n)+/, '');
  assert.ok(head.indexOf('\r\n\r\n') + 4 <= bounds.maximumHeadOctets);
}

describe('headers that do not parse', () => {
  it('survive octet for octet, beside changes to others', () => {
    const garbage = fc.array(fc.tuple(fc.constantFrom(...typed.map(({ name }) => name)), headerText), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(garbage, (pairs) => {
        const raw = pairs.map(([name, text]) => `${name}:${text}`);
        const read = parseMessage(portableOctets.encode(`OPTIONS sip:a@b SIP/2.0\r\n${raw.join('\r\n')}\r\n\r\n`), portableOctets);
        assert.ok(read.kind === 'message');
        for (const field of typed) read.message.headers.all(field);
        const changed = { ...read.message, headers: read.message.headers.append('X-New', '1').prepend('X-Top', '2').without('Subject') };
        const again = parseMessage(serializeMessage(changed, portableOctets), portableOctets);
        assert.ok(again.kind === 'message');
        assert.deepEqual(
          again.message.headers.lines.map(({ line }) => line),
          ['X-Top: 2', ...raw, 'X-New: 1', 'Content-Length: 0'],
        );
      }),
      { numRuns: 500 },
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
  const parameters = fc
    .uniqueArray(
      fc.tuple(
        token.map((name) => `x${name}`),
        fc.oneof(fc.constant(true as const), token),
      ),
      { selector: ([name]) => name.toLowerCase(), maxLength: 3 },
    )
    .map((pairs) => Parameters.of(...pairs));
  const uri = fc
    .tuple(token, fc.constantFrom('h.example', '192.0.2.1', '[2001:db8::1]'))
    .map(([user, host]) => parsed(`sip:${encodeURIComponent(user)}@${host}`));
  const address = {
    displayName: fc.option(
      fc.string({ unit: 'grapheme', minLength: 1 }).map((text) => text.toWellFormed().replaceAll(/\p{Cc}/gu, '') || 'x'),
      { nil: undefined },
    ),
    uri,
  };

  it('give back every value that they can hold', () => {
    const via = fc.record({
      protocol: fc.constant('SIP/2.0'),
      transport: fc.constantFrom('UDP', 'TCP', 'TLS', 'X'),
      host: fc.constantFrom('h.example', '192.0.2.1', '2001:db8::1'),
      port: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
      branch: fc.option(token, { nil: undefined }),
      received: fc.option(fc.constantFrom('192.0.2.9', '2001:db8::9'), { nil: undefined }),
      rport: fc.option(fc.oneof(fc.constant(true as const), fc.integer({ min: 0, max: 65_535 })), { nil: undefined }),
      parameters,
    });
    const contact = fc.record({
      ...address,
      parameters,
      q: fc.option(
        fc.integer({ min: 0, max: 1000 }).map((q) => q / 1000),
        { nil: undefined },
      ),
      expiresSeconds: fc.option(fc.nat(2 ** 31), { nil: undefined }),
    });
    const cseq = fc.record({ sequence: fc.nat(2 ** 31 - 1), method: token });
    const warning = fc.record({
      code: fc.integer({ min: 100, max: 999 }),
      agent: fc.constant('h.example'),
      text: fc.string({ unit: 'grapheme' }).map((text) => text.toWellFormed().replaceAll(/\p{Cc}/gu, '')),
    });
    const route = fc.record({ ...address, parameters });
    fc.assert(fc.property(via, (value) => assertRoundTrip(viaHeader, value)));
    fc.assert(fc.property(contact, (value) => assertRoundTrip(contactHeader, value)));
    fc.assert(fc.property(cseq, (value) => assertRoundTrip(cseqHeader, value)));
    fc.assert(fc.property(warning, (value) => assertRoundTrip(warningHeader, value)));
    fc.assert(fc.property(route, (value) => assertRoundTrip(routeHeader, value)));
  });

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

describe('equivalence of URIs', () => {
  const name = fc.string({ unit: fc.constantFrom(...'abcXYZ019-_.!~'), minLength: 1, maxLength: 8 });
  const parts = fc.record({
    user: name,
    host: fc.constantFrom('Home1.Example', '192.0.2.1', '[2001:DB8::A]'),
    port: fc.constantFrom('', ':5060', ':5070'),
    parameters: fc.uniqueArray(
      name.map((value) => `p${value.toLowerCase()}`),
      { maxLength: 3 },
    ),
  });

  it('does not look at the case of scheme, host and parameters, at escapes that need not be, or at the order of parameters', () => {
    fc.assert(
      fc.property(parts, ({ user, host, port, parameters }) => {
        const escaped = [...user].map((character) => `%${character.charCodeAt(0).toString(16)}`).join('');
        const one = parsed(`sip:${user}@${host}${port}${parameters.map((parameter) => `;${parameter}=V`).join('')}`);
        const other = parsed(
          `SIP:${escaped}@${host.toLowerCase()}${port}${parameters
            .toReversed()
            .map((parameter) => `;${parameter.toUpperCase()}=v`)
            .join('')}`,
        );
        assert.ok(sameUri(one, other) && sameUri(other, one));
        assert.equal(canonicalAddress(one), canonicalAddress(other));
      }),
    );
  });

  it('sees another user, another port, another scheme, and is the same both ways', () => {
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        const [first, second] = [one, other].map(({ user, host, port }) => parsed(`sip:${user}@${host}${port}`));
        assert.ok(first && second);
        const isSame = one.user === other.user && one.host === other.host && one.port === other.port;
        assert.deepEqual([sameUri(first, second), sameUri(second, first)], [isSame, isSame]);
        assert.equal(sameUri(first, parsed(formatUri(first).replace('sip:', 'sips:'))), false);
      }),
    );
  });
});

function parsed(text: string): Uri {
  const uri = parseUri(text);
  assert.ok(!(uri instanceof Malformed), text);
  return uri;
}

function assertRoundTrip<T>(field: HeaderField<T>, value: T): void {
  const text = field.encode(value);
  const [read] = Headers.of([field.name, text]).lines;
  const again = read?.elements(field);
  assert.equal(again?.length, 1, text);
  assert.ok(!(again[0] instanceof Malformed), text);
  assert.deepEqual(JSON.parse(JSON.stringify(plain(again[0]))), JSON.parse(JSON.stringify(plain(value))), text);
}

/** Parameters as the text that they are, so that values can be compared. */
function plain(value: unknown): unknown {
  if (value instanceof Parameters) return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if ('kind' in value && value.kind === 'sip' && 'host' in value) return `${JSON.stringify(Object.values(value).map(String))}`;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
}

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
