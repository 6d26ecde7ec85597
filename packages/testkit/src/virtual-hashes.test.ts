import assert from 'node:assert/strict';
import { it } from 'node:test';
import { SeededRandom } from './seeded-random.ts';
import { virtualHashes } from './virtual-hashes.ts';
import { virtualIds } from './virtual-ids.ts';

const octets = (text: string) => new TextEncoder().encode(text);

it('digests as RFC 1321 §A.5 and FIPS 180-4 have it', () => {
  assert.equal(virtualHashes().hex('md5', octets('abc')), '900150983cd24fb0d6963f7d28e17f72');
  assert.equal(virtualHashes().hex('sha-256', octets('abc')), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

it('keys digests as RFC 4231 §4.3 has it', () => {
  const expected = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';
  assert.equal(virtualHashes().hmacHex(octets('Jefe'), octets('what do ya want for nothing?')), expected);
});

it('makes identifiers in the shapes of real ones, the same for the same seed', () => {
  const ids = virtualIds(new SeededRandom('ids'));
  const again = virtualIds(new SeededRandom('ids'));
  assert.match(ids.unique(), /^[0-9a-f]{32}$/);
  assert.match(ids.uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.match(ids.tag(), /^[0-9a-f]{16}$/);
  assert.equal(again.unique(), virtualIds(new SeededRandom('ids')).unique());
  assert.notEqual(ids.unique(), ids.unique());
});

it('makes ordered identifiers that sort as they were made', () => {
  const ids = virtualIds(new SeededRandom('ids'));
  const made = [1_000, 1_000, 1_001, 70_000, 1_704_067_200_000].map((now) => ids.ordered(now));
  assert.deepEqual(made.toSorted(), made);
});
