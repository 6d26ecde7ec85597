import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatUri, Malformed, parseUri, type Uri } from '@opencpm/sip';
import { gruuInstance, publicGruu, publicGruuText } from './gruu.ts';

function uri(text: string): Uri {
  const parsed = parseUri(text);
  assert.ok(!(parsed instanceof Malformed), text);
  return parsed;
}

describe('public GRUUs (RFC 5627)', () => {
  it('are the address of record with the instance as gr, which leads back to the instance (§5.4)', () => {
    for (const [instance, gruu] of [
      ['<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>', 'sip:bob@cpm.test;gr=urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6'],
      ['<urn:gsma:imei:35469106-056673-0>', 'sip:bob@cpm.test;gr=urn:gsma:imei:35469106-056673-0'],
      ['<urn:x:a;b=c d>', 'sip:bob@cpm.test;gr=urn:x:a%3Bb%3Dc%20d'],
    ] as const) {
      assert.equal(publicGruuText('sip:bob@cpm.test', instance), gruu);
      assert.equal(gruuInstance(uri(gruu)), instance);
    }
  });

  it('are made of SIP addresses and instances that are URNs, and of nothing else', () => {
    assert.equal(publicGruu('tel:+15550002', '<urn:uuid:1>'), undefined);
    assert.equal(publicGruu('sip:bob@cpm.test', 'urn:uuid:1'), undefined);
    assert.equal(publicGruu('sip:bob@cpm.test', '<mailto:bob@cpm.test>'), undefined);
  });

  it('a URI without gr is none; a gr that was never given out is unknown', () => {
    assert.equal(gruuInstance(uri('sip:bob@cpm.test')), undefined);
    assert.equal(gruuInstance(uri('tel:+15550002')), undefined);
    assert.equal(gruuInstance(uri('sip:temporary@cpm.test;gr')), 'unknown');
    assert.equal(gruuInstance(uri('sip:bob@cpm.test;gr=kjh29x97us97d')), 'unknown');
  });

  it('keep the parameters of their address', () => {
    const gruu = publicGruu('sip:+15550002@cpm.test;user=phone', '<urn:uuid:1>');
    assert.equal(gruu === undefined ? undefined : formatUri(gruu), 'sip:+15550002@cpm.test;user=phone;gr=urn:uuid:1');
  });
});
