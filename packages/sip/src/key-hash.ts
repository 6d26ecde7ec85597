/** FNV-1a from a seed, its bits mixed at the end; a signed 32-bit number. A secret seed keeps others from choosing keys that collide. */
export function keyHash(key: string, seed: number): number {
  let hash = seed;
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x0100_0193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  return hash ^ (hash >>> 13);
}

/** A seed of 32 bits from four octets of a random source. */
export function hashSeed(random: { bytes(count: number): Uint8Array }): number {
  const [first = 0, second = 0, third = 0, fourth = 0] = random.bytes(4);
  return (first << 24) | (second << 16) | (third << 8) | fourth;
}
