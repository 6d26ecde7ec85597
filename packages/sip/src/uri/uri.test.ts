import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Malformed } from '../message/malformed.ts';
import { canonicalHost, isIpv4, isIpv6, parseHostAndPort } from './host.ts';
import { formatUri, parseUri, type SipUri, type Uri, userPart } from './uri.ts';
import { UriParameters } from './uri-parameters.ts';

function uri(text: string): Uri {
  const parsed = parseUri(text);
  if (parsed instanceof Malformed) assert.fail(`${text}: ${parsed.reason}`);
  return parsed;
}

function sip(text: string): SipUri {
  const parsed = uri(text);
  assert.ok(parsed.kind === 'sip', text);
  return parsed;
}

describe('sip and sips URIs', () => {
  it('are read in all their parts (RFC 3261 §19.1.3)', () => {
    const full = sip('SIPS:alice:secretword@atlanta.com:5061;transport=tcp;lr?to=alice%40atlanta.com&priority=urgent');
    assert.deepEqual([full.secure, full.user, full.password, full.host, full.port], [true, 'alice', 'secretword', 'atlanta.com', 5061]);
    assert.deepEqual(
      [full.parameters.get('transport'), full.parameters.get('LR'), full.headers],
      ['tcp', true, 'to=alice%40atlanta.com&priority=urgent'],
    );
    assert.deepEqual([sip('sip:atlanta.com;method=REGISTER?to=x').user, sip('sip:1212@gateway.com').port], [undefined, undefined]);
    assert.equal(sip('sip:alice;day=tuesday@atlanta.com').user, 'alice;day=tuesday');
    assert.equal(sip('sip:+1-212-555-1212:1234@gateway.com;user=phone').password, '1234');
  });

  it('survive writing as written', () => {
    for (const text of [
      'sip:alice@atlanta.com',
      'sip:alice:@atlanta.com',
      'sips:1212@gateway.com;user=phone',
      'sip:%61lice@atlanta.com;transport=TCP;newparam=5;lr?Subject=a%20b&x=',
      "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
      'sip:sips%3Auser%40example.com@example.net',
      'sip:[2001:db8::10]:5070;x=[::1]',
      'sip:*21%23#@h_1.example',
    ]) {
      assert.equal(formatUri(uri(text)), text);
    }
  });

  it('have IPv6 references in brackets (RFC 5118)', () => {
    assert.deepEqual([sip('sip:[2001:db8::10]').host, sip('sip:u@[2001:db8::10]:5070').port], ['2001:db8::10', 5070]);
    assert.deepEqual([sip('sip:[2001:db8::10:5070]').host, sip('sip:[2001:db8::10:5070]').port], ['2001:db8::10:5070', undefined]);
    assert.equal(sip('sip:user@[2001:db8:::192.0.2.1]').host, '2001:db8:::192.0.2.1', 'RFC 5118 §4.10');
  });

  it('are malformed in many ways', () => {
    for (const text of [
      '',
      'sip',
      'sip:',
      ':a@h',
      'sip:@h',
      'sip:a@',
      'sip::x@h',
      'sip:a@@h',
      'sip:a@h@i',
      'sip:a b@h',
      'sip:<a@h>',
      'sip:a"b@h',
      'sip:a%@h',
      'sip:a%4@h',
      'sip:a%zz@h',
      'sip:a\xc3\xb6@h',
      'sip:a@h:',
      'sip:a@h:x',
      'sip:a@h:0',
      'sip:a@h:65536',
      'sip:a@h:000005060',
      'sip:a@h;',
      'sip:a@h;=x',
      'sip:a@h;x=',
      'sip:a@h;x=<y>',
      'sip:a@h?',
      'sip:a@h?a b',
      'sip:a@2001:db8::10',
      'sip:a@[2001:db8::10',
      'sip:a@[]',
      'sip:a@[1.2.3.4]',
      'sip:a@[::1]x',
      'sip:a@h ',
      ' sip:a@h',
      'sip:a@h\r\n',
    ]) {
      assert.ok(parseUri(text) instanceof Malformed, JSON.stringify(text));
    }
  });

  it('escape what does not belong in them', () => {
    const made: SipUri = { kind: 'sip', secure: false, user: 'a b@%41%', host: 'h', parameters: UriParameters.empty, headers: '' };
    assert.equal(formatUri(made), 'sip:a%20b%40%41%25@h');
    assert.equal(UriParameters.empty.with('x', 'a;b c').toString(), ';x=a%3Bb%20c');
  });

  it('name somebody', () => {
    assert.deepEqual(
      [userPart(sip('sip:%61l%20@h')), userPart(sip('sip:h')), userPart(uri('tel:+1-2')), userPart(uri('im:x'))],
      ['al ', undefined, '+1-2', undefined],
    );
  });
});

describe('UriParameters', () => {
  it('are found in any case and escape, set in place, and dropped', () => {
    const parameters = UriParameters.parse('Transport=tcp;l%72;x=%31;x=2');
    assert.ok(!(parameters instanceof Malformed));
    assert.deepEqual(
      [parameters.get('TRANSPORT'), parameters.get('lr'), parameters.get('x'), parameters.get('y')],
      ['tcp', true, '1', undefined],
    );
    assert.equal(parameters.with('transport', 'udp').with('y', true).toString(), ';transport=udp;l%72;x=%31;x=2;y');
    assert.equal(parameters.without('X', 'lr').toString(), ';Transport=tcp');
  });
});

describe('tel URIs', () => {
  it('are read with their parameters (RFC 3966 §3)', () => {
    for (const [text, number] of [
      ['tel:+1-201-555-0123', '+1-201-555-0123'],
      ['TEL:7042;phone-context=example.com', '7042'],
      ['tel:863-1234;phone-context=+1-914-555', '863-1234'],
      ['tel:+358(0)9.12;ext=33;isub=12;x=y', '+358(0)9.12'],
      ['tel:*67#ab;phone-context=+1', '*67#ab'],
      ['tel:4443322', '4443322'],
    ] as const) {
      const parsed = uri(text);
      assert.ok(parsed.kind === 'tel');
      assert.deepEqual([parsed.number, formatUri(parsed)], [number, `tel:${text.slice(4)}`]);
    }
  });

  it('are malformed without digits or with others', () => {
    for (const text of ['tel:', 'tel:+', 'tel:-', 'tel:alice', 'tel:+1a', 'tel:+1 2', 'tel:1+2', 'tel:+1;', 'tel:+1;x=<'])
      assert.ok(parseUri(text) instanceof Malformed, text);
  });
});

describe('other URIs', () => {
  it('are kept whole', () => {
    for (const text of [
      'http://www.example.com/a?b#c',
      'isbn:2983792873',
      'MAILTO:a@b',
      'urn:uuid:1',
      'soap.beep://192.0.2.103:3002',
      'name:John_Smith',
    ]) {
      const parsed = uri(text);
      assert.ok(parsed.kind === 'other');
      assert.deepEqual([parsed.scheme, formatUri(parsed)], [text.slice(0, text.indexOf(':')).toLowerCase(), text]);
    }
  });

  it('are malformed with blanks, brackets or without a scheme', () => {
    for (const text of ['http:', 'a b:c', '1a:b', 'x:a b', 'x:<a>', 'x:"a"', 'x:a\x00', 'alice@example.com', '*'])
      assert.ok(parseUri(text) instanceof Malformed, text);
  });
});

describe('hosts', () => {
  it('are told apart', () => {
    for (const text of [
      '::',
      '::1',
      '1::',
      '2001:db8::9:1',
      '1:2:3:4:5:6:7:8',
      '::ffff:192.0.2.1',
      '1:2:3:4:5:6:1.2.3.4',
      'FE80::ABCD',
      '1:2:3:4:5:6:7::',
    ])
      assert.ok(isIpv6(text), text);
    for (const text of [
      '',
      ':',
      ':::',
      '1',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '1::2::3',
      '12345::',
      'g::',
      '1.2.3.4',
      '::1.2.3',
      '::1.2.3.256',
      '1.2.3.4::',
      ':1::2',
    ]) {
      assert.equal(isIpv6(text), false, text);
    }
    assert.deepEqual(['192.0.2.1', '1.2.3', '1.2.3.256', '1.2.3.4.5', '01.2.3.4a'].map(isIpv4), [true, false, false, false, false]);
  });

  it('have one form for comparing', () => {
    assert.equal(canonicalHost('AtLanTa.CoM'), 'atlanta.com');
    assert.equal(canonicalHost('2001:DB8::1'), canonicalHost('2001:0db8:0:0:0:0:0:1'));
    assert.equal(canonicalHost('::ffff:192.0.2.1'), canonicalHost('::FFFF:C000:201'));
  });

  it('are read with their port', () => {
    assert.deepEqual(parseHostAndPort('[::1]:5060'), { host: '::1', port: 5060 });
    assert.deepEqual(parseHostAndPort('h:1'), { host: 'h', port: 1 });
    assert.equal(parseHostAndPort(':5060'), undefined);
  });
});
