import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Malformed } from '../message/malformed.ts';
import { canonicalAddress } from './canonical-address.ts';
import { sameUri } from './same-uri.ts';
import { parseUri, type Uri } from './uri.ts';

function uri(text: string): Uri {
  const parsed = parseUri(text);
  assert.ok(!(parsed instanceof Malformed), text);
  return parsed;
}

function assertSame(one: string, other: string, expected: boolean): void {
  assert.equal(sameUri(uri(one), uri(other)), expected, `${one} and ${other}`);
  assert.equal(sameUri(uri(other), uri(one)), expected, `${other} and ${one}`);
}

describe('sameUri: the examples of RFC 3261 §19.1.4', () => {
  it('are equivalent', () => {
    for (const [one, other] of [
      ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp'],
      ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'],
      ['sip:carol@chicago.com', 'sip:carol@chicago.com;security=on'],
      ['sip:carol@chicago.com;newparam=5', 'sip:carol@chicago.com;security=on'],
      [
        'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
        'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
      ],
      ['sip:alice@atlanta.com?subject=project%20x&priority=urgent', 'sip:alice@atlanta.com?priority=urgent&subject=project%20x'],
    ] as const) {
      assertSame(one, other, true);
    }
  });

  it('are not equivalent', () => {
    for (const [one, other] of [
      ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP'],
      ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'],
      ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp'],
      ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp'],
      ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting'],
      ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4'],
      ['sip:carol@chicago.com;security=off', 'sip:carol@chicago.com;security=on'],
    ] as const) {
      assertSame(one, other, false);
    }
  });
});

describe('sameUri', () => {
  it('tells sip, sips and other schemes apart', () => {
    assertSame('sip:a@h', 'sips:a@h', false);
    assertSame('tel:+1', 'sip:+1@h;user=phone', false);
    assertSame('tel:+1', 'x:+1', false);
    assertSame('im:a@h', 'IM:a@h', true);
    assertSame('im:a@h', 'im:A@h', false);
  });

  it('compares users and passwords in case, and reserved characters apart from their escapes', () => {
    assertSame('sip:a@h', 'sip:A@h', false);
    assertSame('sip:a:x@h', 'sip:a:y@h', false);
    assertSame('sip:a@h', 'sip:a:y@h', false);
    assertSame('sip:h', 'sip:a@h', false);
    assertSame('sip:a%3bb@h', 'sip:a%3Bb@h', true);
    assertSame('sip:a%3Bb@h', 'sip:a;b@h', false);
    assertSame('sip:a%2Db%5f@h', 'sip:a-b_@h', true);
    assertSame('sip:%20@h', 'sip:%21@h', false);
  });

  it('knows the parameters that may not be absent on one side', () => {
    for (const parameter of ['user=ip', 'ttl=1', 'method=INVITE', 'maddr=192.0.2.1', 'transport=udp'])
      assertSame('sip:a@h', `sip:a@h;${parameter}`, false);
    assertSame('sip:a@h;lr', 'sip:a@h', true);
    assertSame('sip:a@h;x', 'sip:a@h;x=1', false);
    assertSame('sip:a@h;X=A', 'sip:a@h;x=a', true);
  });

  it('compares IPv6 addresses by value', () => {
    assertSame('sip:a@[2001:db8::1]', 'sip:a@[2001:DB8:0::0:1]', true);
    assertSame('sip:a@[2001:db8::1]', 'sip:a@[2001:db8::2]', false);
  });

  it('compares header components by name and value', () => {
    assertSame('sip:h?a=1&b=2', 'sip:h?B=2&A=1', true);
    assertSame('sip:h?a=1', 'sip:h?a=2', false);
    assertSame('sip:h?a=1', 'sip:h?a=1&a=1', false);
  });

  it('compares tel URIs without separators, case and order (RFC 3966 §4)', () => {
    assertSame('tel:+1-201-555-0123', 'tel:+12015550123', true);
    assertSame('tel:+1(201)555.0123;ext=1-2;x=Y', 'tel:+12015550123;X=y;EXT=12', true);
    assertSame('tel:7042;phone-context=example.com', 'tel:7042;phone-context=EXAMPLE.com', true);
    assertSame('tel:7042;phone-context=+1-914', 'tel:7042;phone-context=+1914', true);
    assertSame('tel:7042;phone-context=a-b.com', 'tel:7042;phone-context=ab.com', false);
    assertSame('tel:7042;phone-context=example.com', 'tel:7042;phone-context=example.net', false);
    assertSame('tel:7042', 'tel:+7042', false);
    assertSame('tel:+7042', 'tel:+7042;ext=1', false);
    assertSame('tel:+7042;ext=1', 'tel:+7042;ext=2', false);
  });
});

describe('canonicalAddress', () => {
  it('is one key for every way to write an identity', () => {
    for (const [text, key] of [
      ['tel:+1-555-0001', 'tel:+15550001'],
      ['TEL:+1(555)00.01;ext=5', 'tel:+15550001'],
      ['sip:+1-555-0001@any;user=phone', 'tel:+15550001'],
      ['sips:%2B15550001;ext=1@any.example:5060;USER=Phone;x?y=z', 'tel:+15550001'],
      ['sip:+15550001@domain', 'sip:+15550001@domain'],
      ['sip:5550001@Domain;user=phone', 'sip:5550001@domain'],
      ['sip:alice@Home1.Example:5060;transport=tcp?Subject=x', 'sip:alice@home1.example'],
      ['sips:al%69ce:secret@home1.example', 'sip:alice@home1.example'],
      ['sip:Alice@home1.example', 'sip:Alice@home1.example'],
      ['sip:a%20b%40c@h', 'sip:a%20b%40c@h'],
      ['sip:a%00@h', 'sip:a%00@h'],
      ['sip:home1.example', 'sip:home1.example'],
      ['sip:a@[2001:DB8::1]', 'sip:a@[2001:db8:0:0:0:0:0:1]'],
      ['tel:70-42;phone-context=Example.com', 'tel:7042;phone-context=example.com'],
      ['tel:70-42;phone-context=+1-914', 'tel:7042;phone-context=+1914'],
      ['tel:4443322', 'tel:4443322'],
    ] as const) {
      assert.equal(canonicalAddress(uri(text)), key, text);
      assert.equal(canonicalAddress(uri(key)), key, 'a key is its own key');
    }
  });

  it('is nothing for other schemes', () => assert.equal(canonicalAddress(uri('mailto:a@h')), undefined));
});
