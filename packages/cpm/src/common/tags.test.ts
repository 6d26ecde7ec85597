import assert from 'node:assert/strict';
import { it } from 'node:test';
import { tagOf, withoutTag, withTag } from './tags.ts';

it('a tag is found, replaced and taken away behind the address and nowhere else', () => {
  const value = '"A;tag=x" <sip:a@cpm.test;tag=y>;p=1; TAG = z;q';
  assert.equal(tagOf(value), 'z');
  assert.equal(withoutTag(value), '"A;tag=x" <sip:a@cpm.test;tag=y>;p=1;q');
  assert.equal(withTag(value, 'n'), '"A;tag=x" <sip:a@cpm.test;tag=y>;p=1;q;tag=n');
  assert.equal(tagOf('<sip:a@cpm.test;tag=y>'), undefined);
  assert.equal(tagOf('sip:a@cpm.test;tag=z'), 'z');
});
