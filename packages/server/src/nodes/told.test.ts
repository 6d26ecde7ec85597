import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maxToldOctets } from '@opencpm/storage';
import { readTold, type Told, writeTold } from './told.ts';

const all: readonly Told[] = [
  { kind: 'user', owner: 'a' },
  { kind: 'bindings', owner: 'a' },
  { kind: 'preferences', owner: 'a' },
  { kind: 'queue', owner: 'a', key: 'sip:ä@example.test 1 2', until: 5 },
  { kind: 'queue', owner: 'a' },
  { kind: 'push', owner: 'a', client: '<urn:uuid:1>', occasion: 'heard' },
  { kind: 'reach', owner: 'a', registration: 'a\nb', unreachable: true },
  { kind: 'nodes' },
  { kind: 'everything' },
];

test('what is told is read as it was', () => {
  assert.deepEqual(writeTold(all).flatMap(readTold), all);
});

test('much goes out in several texts that the feed takes, in order', () => {
  const many = Array.from({ length: 1000 }, (_, index): Told => ({ kind: 'bindings', owner: `owner ${index} ${'ü'.repeat(20)}` }));
  const texts = writeTold(many);
  assert(texts.length > 1 && texts.every((text) => Buffer.byteLength(text) <= maxToldOctets));
  assert.deepEqual(texts.flatMap(readTold), many);
});

test('what is too long is told without its key, or everything is read again', () => {
  const long = 'x'.repeat(maxToldOctets);
  assert.deepEqual(writeTold([{ kind: 'queue', owner: 'a', key: long, until: 1 }]).flatMap(readTold), [{ kind: 'queue', owner: 'a' }]);
  assert.deepEqual(writeTold([{ kind: 'push', owner: 'a', client: long, occasion: 'timer' }]).flatMap(readTold), [{ kind: 'everything' }]);
});

test('what a newer node says that this one does not know is left out', () => {
  assert.deepEqual(readTold('[{"kind":"weather","owner":"a"},{"kind":"nodes"},7]'), [{ kind: 'nodes' }]);
  assert.deepEqual(readTold('no JSON'), []);
});
