import type { SeededRandom } from '@opencpm/testkit';

/** Inputs that showed something new are kept up to this many; then the oldest of them gives way. */
const maximumFound = 400;
/** Larger ones are not mutated further, so that the run stays quick. Octets. */
const maximumOctets = 8_000;

/** The inputs that are mutated: the seeds always, and those of this run that took a way nobody took before. */
export class InputPool {
  readonly #seeds: readonly Buffer[];
  readonly #found: Buffer[] = [];
  #next = 0;

  constructor(seeds: readonly Buffer[]) {
    this.#seeds = seeds;
  }

  pick(random: SeededRandom): Buffer {
    const among = this.#found.length > 0 && random.chance(0.4) ? this.#found : this.#seeds;
    const picked = among[random.integer(among.length)];
    if (picked === undefined) throw new Error('a target without seeds');
    return picked;
  }

  add(octets: Buffer): void {
    if (octets.length > maximumOctets) return;
    this.#found[this.#next] = Buffer.from(octets);
    this.#next = (this.#next + 1) % maximumFound;
  }
}
