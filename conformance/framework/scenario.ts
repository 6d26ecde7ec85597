import type { Proof } from './property.ts';
import type { ServerPolicy } from './server-process.ts';
import type { World } from './world.ts';

/** A run over the wire and what its messages prove. */
export interface Scenario {
  readonly name: string;
  /** What the YAML file of the server has beyond the usual; absent: no server runs, a scripted core plays the network. */
  readonly server?: ServerPolicy;
  run(world: World): Promise<void>;
  readonly tests: readonly ConformanceTest[];
}

/** A test names at most 8 ids; it fails if one property of one id does not hold. */
export interface ConformanceTest {
  readonly name: string;
  readonly proofs: readonly Proof[];
}

export const maximumIdsPerTest = 8;

export function idsOf(test: ConformanceTest): readonly string[] {
  return [...new Set(test.proofs.flatMap(({ ids }) => ids))];
}
