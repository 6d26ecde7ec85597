/** Replays that a shrinking may take: for a whole server each of them is a new world. */
const maximumReplays = 400;

/**
 * The smallest input that still fails, as far as leaving out leads to it: first half of it, in the end single octets.
 * Gives the input itself when it does not fail alone.
 */
export async function shrink(octets: Buffer, fails: (octets: Buffer) => Promise<boolean>): Promise<Buffer> {
  let smallest = octets;
  let left = maximumReplays;
  for (let size = Math.ceil(octets.length / 2); size >= 1 && left > 0; ) {
    let shrunk = false;
    for (let start = 0; start < smallest.length && left > 0; ) {
      const candidate = Buffer.concat([smallest.subarray(0, start), smallest.subarray(start + size)]);
      left -= 1;
      if (await fails(candidate)) {
        smallest = candidate;
        shrunk = true;
      } else start += size;
    }
    if (!shrunk || size > smallest.length) size = size === 1 ? 0 : Math.floor(Math.min(size, smallest.length) / 2);
  }
  return smallest;
}
