import type { SeededRandom } from '@opencpm/testkit';
import type { Roughness } from './mutate.ts';

/** What the fuzzer gives its inputs to. */
export interface Target {
  readonly name: string;
  /** Of a hundred cases. */
  readonly share: number;
  /** Inputs to begin with. */
  readonly seeds: readonly Buffer[];
  /** One of these for each case. */
  readonly roughness: readonly Roughness[];
  /** Cases after which everything is let go of and begun anew, so that a case can be repeated alone. */
  readonly casesPerLife: number;
  open(random: SeededRandom): Promise<Life>;
}

/** A target that takes inputs. It throws when something is not as it has to be: that is a finding. */
export interface Life {
  /** `mark` is unique to the case. Gives what became of the input, in words that are equal for equal ways through the program. */
  run(octets: Buffer, mark: string, random: SeededRandom): readonly string[] | Promise<readonly string[]>;
  /** Lets time run out; throws when anything is left over. */
  end(): Promise<void>;
}
