/**
 * A number as an engine may bind it: a 64-bit integer. The schema has BIGINT below 2^53 and no floating point, so
 * anything else is a mistake of the caller, and throws before it can be stored as something near it.
 */
export function bindInteger(value: number): bigint {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not an integer below 2^53`);
  return BigInt(value);
}
