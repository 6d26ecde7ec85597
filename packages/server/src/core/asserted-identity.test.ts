import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { emptyBody, Headers, type SipRequest } from '@opencpm/sip';
import { assertedIdentity, believedIdentity, withAssertedIdentity } from './asserted-identity.ts';
import { directoryOf, domain, storedUser } from './directory.fixture.ts';

const alice = storedUser('alice', `sip:alice@${domain}`, 'tel:+15550001');
const directory = await directoryOf(alice, storedUser('bob', `sip:bob@${domain}`));

function request(from: string, ...more: readonly (readonly [string, string])[]): SipRequest {
  return { kind: 'request', method: 'MESSAGE', uri: `sip:bob@${domain}`, headers: Headers.of(['From', from], ...more), body: emptyBody };
}

describe('the identity that is asserted for an authenticated user (RFC 3325 §5)', () => {
  const own = '<sip:alice@cpm.test>;tag=1';
  const table: readonly (readonly [name: string, from: string, preferred: string | undefined, asserted: string | undefined])[] = [
    ['From that is his', own, undefined, '<sip:alice@cpm.test>'],
    ['From as a number of his, in the directory’s spelling', '<sip:+15550001@cpm.test;user=phone>;tag=1', undefined, '<tel:+15550001>'],
    ['From in another spelling', '"A" <sip:%61lice@CPM.TEST:5060;x=y>;tag=1', undefined, '<sip:alice@cpm.test>'],
    ['P-Preferred-Identity that is his, before From', own, '<tel:+1.555.0001>', '<tel:+15550001>'],
    ['the second of two preferred ones', own, '<sip:bob@cpm.test>, <tel:+15550001>', '<tel:+15550001>'],
    ['From when the preferred one is somebody else’s', own, '<sip:bob@cpm.test>', '<sip:alice@cpm.test>'],
    ['From when the preferred one does not parse', own, '<nonsense', '<sip:alice@cpm.test>'],
    ['his first identity for an anonymous From', '<sip:anonymous@anonymous.invalid>;tag=1', undefined, '<sip:alice@cpm.test>'],
    ['nothing for another user’s From', '<sip:bob@cpm.test>;tag=1', undefined, undefined],
    ['nothing for a From that nobody has', '<sip:carol@cpm.test>;tag=1', undefined, undefined],
    ['nothing for a From of another domain', '<sip:alice@other.test>;tag=1', undefined, undefined],
  ];
  for (const [name, from, preferred, asserted] of table) {
    it(`is ${name}`, () => {
      const headers = preferred === undefined ? [] : [['P-Preferred-Identity', preferred] as const];
      assert.equal(assertedIdentity(request(from, ...headers), alice, directory), asserted);
    });
  }

  it('takes the place of every P- header but a preferred service', () => {
    const before = request(
      own,
      ['P-Asserted-Identity', '<sip:bob@cpm.test>'],
      ['P-Preferred-Identity', '<sip:bob@cpm.test>'],
      ['p-access-network-info', 'x'],
      ['P-Preferred-Service', 'urn:x'],
      ['Privacy', 'id'],
    );
    const { headers } = withAssertedIdentity(before, '<sip:alice@cpm.test>');
    assert.deepEqual(
      headers.raw.map(({ name, value }) => `${name}: ${value}`),
      ['From: <sip:alice@cpm.test>;tag=1', 'P-Preferred-Service: urn:x', 'Privacy: id', 'P-Asserted-Identity: <sip:alice@cpm.test>'],
    );
  });
});

describe('the identity that a trusted peer is believed', () => {
  it('is what it asserts', () => {
    const asserting = request('<sip:x@other.test>;tag=1', ['P-Asserted-Identity', '<sip:eve@other.test>, <tel:+15550009>']);
    assert.equal(believedIdentity(asserting), asserting);
  });

  for (const asserted of [undefined, '<nonsense']) {
    it(`is From when it asserts ${asserted ?? 'nothing'}`, () => {
      const headers = asserted === undefined ? [] : [['P-Asserted-Identity', asserted] as const];
      const believed = believedIdentity(request('"Eve" <sip:eve@other.test;x=y>;tag=1', ...headers));
      assert.deepEqual(believed?.headers.texts('P-Asserted-Identity'), ['<sip:eve@other.test;x=y>']);
    });
  }
});
