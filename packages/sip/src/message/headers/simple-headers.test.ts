import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HeaderField } from '../header-field.ts';
import { Malformed } from '../malformed.ts';
import { Parameters } from '../parameters.ts';
import { acceptHeader } from './accept.ts';
import { allowHeader } from './allow.ts';
import { callIdHeader } from './call-id.ts';
import { contentDispositionHeader } from './content-disposition.ts';
import { contentLengthHeader } from './content-length.ts';
import { contentTypeHeader } from './content-type.ts';
import { cseqHeader } from './cseq.ts';
import { dateHeader } from './date.ts';
import { expiresHeader } from './expires.ts';
import { maxForwardsHeader } from './max-forwards.ts';
import { minExpiresHeader } from './min-expires.ts';
import { pAssertedServiceHeader } from './p-asserted-service.ts';
import { pPreferredServiceHeader } from './p-preferred-service.ts';
import { privacyHeader } from './privacy.ts';
import { proxyRequireHeader } from './proxy-require.ts';
import { requestDispositionHeader } from './request-disposition.ts';
import { requireHeader } from './require.ts';
import { retryAfterHeader } from './retry-after.ts';
import { serverHeader } from './server.ts';
import { subjectHeader } from './subject.ts';
import { supportedHeader } from './supported.ts';
import { unsupportedHeader } from './unsupported.ts';
import { userAgentHeader } from './user-agent.ts';
import { warningHeader } from './warning.ts';

function decoded<T>(field: HeaderField<T>, text: string): T {
  const value = field.decode(text);
  if (value instanceof Malformed) assert.fail(`${text}: ${value.reason}`);
  return value;
}

function assertMalformed<T>(field: HeaderField<T>, ...texts: readonly string[]): void {
  for (const text of texts) assert.ok(field.decode(text) instanceof Malformed, `${field.name}: ${text}`);
}

describe('numbers', () => {
  it('CSeq is a number below 2^31 and a method (RFC 3261 §8.1.1.5)', () => {
    assert.deepEqual(decoded(cseqHeader, '4711 INVITE'), { sequence: 4711, method: 'INVITE' });
    assert.deepEqual(decoded(cseqHeader, '0009\r\n  INVITE'), { sequence: 9, method: 'INVITE' });
    assert.equal(cseqHeader.encode({ sequence: 2 ** 31 - 1, method: 'ACK' }), '2147483647 ACK');
    assertMalformed(
      cseqHeader,
      '',
      '8',
      'INVITE',
      '8INVITE',
      '8 INVITE x',
      '-1 INVITE',
      '2147483648 INVITE',
      '36893488147419103232 REGISTER',
      '8 IN"V',
    );
  });

  it('Max-Forwards goes to 255 (RFC 3261 §20.22)', () => {
    assert.deepEqual([decoded(maxForwardsHeader, '0'), decoded(maxForwardsHeader, '0068'), maxForwardsHeader.encode(70)], [0, 68, '70']);
    assertMalformed(maxForwardsHeader, '', '256', '-1', '1.0', '0x1', '7 0');
  });

  it('Content-Length is a number of octets (RFC 3261 §20.14)', () => {
    assert.deepEqual([decoded(contentLengthHeader, '349'), contentLengthHeader.encode(0), contentLengthHeader.compact], [349, '0', 'l']);
    assertMalformed(contentLengthHeader, '', '-999', 'x', '99999999999999999999');
  });

  it('Expires and Min-Expires are seconds, capped at 2^32 - 1 (RFC 3261 §20.19, §20.23)', () => {
    for (const field of [expiresHeader, minExpiresHeader]) {
      assert.deepEqual([decoded(field, '5'), decoded(field, '1'.repeat(400)), field.encode(60)], [5, 2 ** 32 - 1, '60']);
      assertMalformed(field, '', '-1', 'Thu, 01 Dec 1994 16:00:00 GMT');
    }
  });

  it('Retry-After has a comment and parameters (RFC 3261 §20.33)', () => {
    const busy = decoded(retryAfterHeader, '18000 (in a (long) meeting);duration=3600');
    assert.deepEqual([busy.seconds, busy.comment, busy.parameters.get('duration')], [18_000, 'in a (long) meeting', '3600']);
    assert.equal(retryAfterHeader.encode(busy), '18000 (in a (long) meeting);duration=3600');
    assert.equal(retryAfterHeader.encode({ seconds: 5, parameters: Parameters.empty }), '5');
    assertMalformed(retryAfterHeader, '', 'soon', '5 (open', '5 minutes');
  });
});

describe('lists of tokens', () => {
  for (const field of [allowHeader, supportedHeader, requireHeader, proxyRequireHeader, unsupportedHeader, requestDispositionHeader]) {
    it(`${field.name} holds tokens as written`, () => {
      assert.deepEqual([field.list, decoded(field, 'No-Fork'), field.encode('timer')], [true, 'No-Fork', 'timer']);
      assertMalformed(field, '', 'a b', 'a;b', '"a"');
    });
  }

  it('have their compact forms', () => assert.deepEqual([supportedHeader.compact, requestDispositionHeader.compact], ['k', 'd']));
});

describe('texts', () => {
  for (const field of [userAgentHeader, serverHeader, subjectHeader]) {
    it(`${field.name} is Unicode, unfolded`, () => {
      assert.equal(decoded(field, 'T\xc3\xa4st/1.0 (a,\r\n b)'), 'Täst/1.0 (a, b)');
      assert.equal(field.encode('Täst'), 'T\xc3\xa4st');
    });
  }

  it('Call-ID is kept octet by octet (RFC 3261 §20.8)', () => {
    const strange = 'intmeth.word%ZK-!.*_+\'@word`~)(><:\\/"][?}{';
    assert.deepEqual([decoded(callIdHeader, strange), callIdHeader.encode(strange), callIdHeader.compact], [strange, strange, 'i']);
    assertMalformed(callIdHeader, '', 'a b');
  });

  it('P-Asserted-Service and P-Preferred-Service are URNs (RFC 6050 §4.1)', () => {
    for (const field of [pAssertedServiceHeader, pPreferredServiceHeader]) {
      const icsi = 'urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg';
      assert.deepEqual([decoded(field, icsi), field.encode(icsi), field.list], [icsi, icsi, true]);
      assertMalformed(field, '', 'msg', 'urn: x');
    }
  });

  it('Privacy is tokens between semicolons (RFC 3323 §4.2)', () => {
    assert.deepEqual(decoded(privacyHeader, 'Header; id ;critical'), ['header', 'id', 'critical']);
    assert.deepEqual(decoded(privacyHeader, 'none'), ['none']);
    assert.equal(privacyHeader.encode(['id', 'critical']), 'id;critical');
    assertMalformed(privacyHeader, '', 'id;;x', 'a b');
  });

  it('Warning has a code, an agent and a text (RFC 3261 §20.43)', () => {
    for (const [text, warning] of [
      [
        '307 isi.edu "Session parameter \'foo\' not understood"',
        { code: 307, agent: 'isi.edu', text: "Session parameter 'foo' not understood" },
      ],
      ['399 [2001:db8::1]:5060 "a, \\"b\\""', { code: 399, agent: '[2001:db8::1]:5060', text: 'a, "b"' }],
      ['127 h "Gr\xc3\xbc\xc3\x9fe"', { code: 127, agent: 'h', text: 'Grüße' }],
    ] as const) {
      assert.deepEqual(decoded(warningHeader, text), warning);
      assert.equal(warningHeader.encode(warning), text);
      assert.equal(warningHeader.encode({ ...warning, code: 99 }).slice(0, 4), '099 ', 'a warn-code has three digits');
    }
    assertMalformed(warningHeader, '', '399', '399 h', '39 h "x"', '3999 h "x"', '399 h x', '399 h "x" y', '399 h "x');
    assert.ok(warningHeader.list);
  });
});

describe('media types and dispositions', () => {
  it('Content-Type and Accept have type, subtype and parameters (RFC 3261 §20.15, §20.1)', () => {
    const value = decoded(contentTypeHeader, 'Multipart/Mixed ; boundary="a;b" ;charset=UTF-8');
    assert.deepEqual([value.type, value.subtype, value.parameters.get('Boundary')], ['multipart', 'mixed', 'a;b']);
    assert.equal(contentTypeHeader.encode(value), 'multipart/mixed;boundary="a;b";charset=UTF-8');
    const range = decoded(acceptHeader, '*/*;q=0.1');
    assert.deepEqual([range.type, range.subtype, range.parameters.get('q')], ['*', '*', '0.1']);
    assert.equal(acceptHeader.encode(range), '*/*;q=0.1');
    for (const field of [contentTypeHeader, acceptHeader])
      assertMalformed(field, '', 'text', 'text/', '/plain', 'text/plain;', 'text/plain x');
    assert.deepEqual([contentTypeHeader.compact, acceptHeader.list], ['c', true]);
  });

  it('Content-Disposition has a type and parameters (RFC 3261 §20.11)', () => {
    const value = decoded(contentDispositionHeader, 'Recipient-List-History; handling=optional');
    assert.deepEqual([value.type, value.parameters.get('handling')], ['recipient-list-history', 'optional']);
    assert.equal(contentDispositionHeader.encode(value), 'recipient-list-history;handling=optional');
    assertMalformed(contentDispositionHeader, '', ';handling=optional', 'session x');
  });
});

describe('Date', () => {
  it('reads and writes the form of RFC 1123 (RFC 3261 §20.17)', () => {
    for (const text of [
      'Sat, 13 Nov 2010 23:29:00 GMT',
      'Thu, 01 Jan 1970 00:00:00 GMT',
      'Wed, 31 Dec 1969 23:59:59 GMT',
      'Thu, 29 Feb 2024 12:00:00 GMT',
      'Tue, 29 Feb 2000 12:00:00 GMT',
      'Mon, 01 Mar 2100 00:00:00 GMT',
      'Fri, 31 Dec 9999 23:59:59 GMT',
    ]) {
      assert.equal(decoded(dateHeader, text), Date.parse(text), text);
      assert.equal(dateHeader.encode(Date.parse(text)), text);
    }
  });

  it('agrees with the platform on every day of four centuries', () => {
    const day = 86_400_000;
    for (let time = Date.UTC(1900, 0, 1); time < Date.UTC(2300, 0, 1); time += 7 * day + 3_661_000) {
      assert.equal(dateHeader.encode(time), new Date(time).toUTCString());
      assert.equal(decoded(dateHeader, dateHeader.encode(time)), time);
    }
  });

  it('writes whole seconds, and bears other blanks, cases and weekdays', () => {
    assert.equal(dateHeader.encode(999), 'Thu, 01 Jan 1970 00:00:00 GMT');
    assert.equal(decoded(dateHeader, 'mon,  13 NOV 2010 23:29:00 utc'), Date.UTC(2010, 10, 13, 23, 29));
  });

  it('finds malformed dates', () => {
    assertMalformed(
      dateHeader,
      '',
      '1289690940',
      'Sat, 13 Nov 2010 23:29:00',
      'Sat, 13 Nov 2010 23:29:00 EST',
      'Sat, 13 Nov 2010 24:00:00 GMT',
      'Sat, 13 Nov 2010 23:60:00 GMT',
      'Sat, 31 Nov 2010 23:00:00 GMT',
      'Sat, 29 Feb 2023 23:00:00 GMT',
      'Mon, 29 Feb 2100 23:00:00 GMT',
      'Sat, 00 Nov 2010 23:00:00 GMT',
      'Sat, 13 Nox 2010 23:00:00 GMT',
      'Sat, 13 Nov 10 23:00:00 GMT',
      'Xyz, 13 Nov 2010 23:00:00 GMT',
      'Sat 13 Nov 2010 23:00:00 GMT',
    );
  });
});
