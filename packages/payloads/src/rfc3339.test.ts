import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseRfc3339, rfc3339 } from './rfc3339.ts';

describe('instants', () => {
  it('are written as the calendar has them, leap years and centuries included', () => {
    for (const text of ['1970-01-01T00:00:00.000Z', '2000-02-29T23:59:59.999Z', '2023-12-31T12:34:56.789Z', '2100-03-01T00:00:00.001Z']) {
      assert.equal(rfc3339(Date.parse(text)), text);
      assert.equal(parseRfc3339(text), Date.parse(text));
    }
  });

  it('come back as they were, for every millisecond of the years 1970 to 9999', () => {
    const date = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true });
    fc.assert(
      fc.property(date, (instant) => {
        assert.equal(rfc3339(instant.getTime()), instant.toISOString());
        assert.equal(parseRfc3339(instant.toISOString()), instant.getTime());
      }),
    );
  });

  it('are read with offsets and fractions of any length (RFC 3339 §5.6)', () => {
    assert.equal(parseRfc3339('2024-05-01T14:00:00+02:00'), Date.parse('2024-05-01T12:00:00Z'));
    assert.equal(parseRfc3339('2024-05-01T09:30:00-02:30'), Date.parse('2024-05-01T12:00:00Z'));
    assert.equal(parseRfc3339('2024-05-01t12:00:00.5z'), Date.parse('2024-05-01T12:00:00.500Z'));
    assert.equal(parseRfc3339('2024-05-01T12:00:00.123456789Z'), Date.parse('2024-05-01T12:00:00.123Z'));
  });

  it('are none when they are not', () => {
    for (const text of ['', 'yesterday', '2024-05-01', '2024-05-01T12:00:00', '2024-13-01T12:00:00Z', '2024-05-32T12:00:00Z']) {
      assert.equal(parseRfc3339(text), undefined, text);
    }
  });
});
