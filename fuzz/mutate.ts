import type { SeededRandom } from '@opencpm/testkit';
import { messageMutators, mutateBody, withRightLength } from './message-mutators.ts';
import { octetMutators } from './octet-mutators.ts';

/** More than a datagram holds and less than what makes a run slow. Octets. */
const maximumOctets = 100_000;

/** Stands in seeds where a number must be different in each case: branches, Call-IDs, Message-IDs. */
export const caseMark = 'CASEMARK';

/** How rough the changes are: those for a whole server spare the grammar more often, so that they come far into it. */
export interface Roughness {
  /** Most changes to one input; one of these is picked. */
  readonly changes: readonly number[];
  /** Of ten changes, those to octets anywhere; of the rest, those to the body. */
  readonly octets: number;
  readonly body: number;
  /** Probability that Content-Length is made right in the end. */
  readonly rightLength: number;
}

export const rough: Roughness = { changes: [1, 2, 6], octets: 4, body: 2, rightLength: 0.6 };
export const gentle: Roughness = { changes: [1, 1, 2], octets: 1, body: 4, rightLength: 0.95 };

/** An input of the corpus with some changes. */
export function mutate(seed: Buffer, random: SeededRandom, other: Buffer, roughness: Roughness = rough): Buffer {
  let octets = seed;
  for (let left = 1 + random.integer(random.pick(roughness.changes)); left > 0; left -= 1)
    octets = oneChange(octets, random, other, roughness).subarray(0, maximumOctets);
  return random.chance(roughness.rightLength) ? withRightLength(octets) : octets;
}

function oneChange(octets: Buffer, random: SeededRandom, other: Buffer, roughness: Roughness): Buffer {
  const kind = random.integer(10);
  if (kind < roughness.octets) return random.pick(octetMutators)(octets, random, other);
  if (kind < 10 - roughness.body) return random.pick(messageMutators)(octets, random, other);
  return mutateBody(octets, random, (body) => random.pick(octetMutators)(body, random, other));
}

/** The octets as they go out in one case. */
export function marked(octets: Buffer, mark: string): Buffer {
  if (!octets.includes(caseMark)) return octets;
  return Buffer.from(octets.toString('latin1').replaceAll(caseMark, mark), 'latin1');
}
