import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { rfc3339 } from './instants.ts';

it('an instant is written as ISO 8601 does it, for every millisecond of years 1970 to 9999', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }), (date) => {
      assert.equal(rfc3339(date.getTime()), date.toISOString());
    }),
  );
});
