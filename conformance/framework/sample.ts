/** `count` of the items, the same ones for the same seed, in their order. */
export function sample<T>(items: readonly T[], count: number, seed: number): readonly T[] {
  const keyed = items.map((item, index) => ({ item, index, key: scrambled(index, seed) }));
  const chosen = keyed.sort((one, other) => one.key - other.key).slice(0, count);
  return chosen.sort((one, other) => one.index - other.index).map(({ item }) => item);
}

/** A multiplicative hash (Knuth, TAOCP 3 §6.4): enough to spread a sample. */
function scrambled(index: number, seed: number): number {
  return Math.imul(index + 1 + seed * 7919, 2_654_435_761) >>> 0;
}
