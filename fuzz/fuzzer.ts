/** Runs cases over the targets and keeps what they find. Everything follows from the seed. */
import { SeededRandom } from '@opencpm/testkit';
import { InputPool } from './input-pool.ts';
import { marked, mutate } from './mutate.ts';
import type { Life, Target } from './target.ts';

export interface Finding {
  readonly target: string;
  readonly seed: string;
  /** Counted from 0 over all targets. */
  readonly number: number;
  readonly message: string;
  /** The input, with its mark not yet filled in. */
  readonly octets: Buffer;
}

export interface FuzzOptions {
  readonly seed: string;
  readonly count: number;
  readonly targets: readonly Target[];
  /** Inputs of earlier findings, mutated like seeds. */
  readonly kept?: readonly Buffer[];
  /** Findings of one target after which the run ends. */
  readonly maximumFindings?: number;
  /** Called now and then with the number of cases so far. */
  readonly progress?: (done: number) => void;
}

export interface FuzzResult {
  /** Cases by target. */
  readonly cases: ReadonlyMap<string, number>;
  /** How often each word of an outcome came, by target. */
  readonly outcomes: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly findings: readonly Finding[];
}

const defaultMaximumFindings = 20;
const casesBetweenReports = 10_000;

export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const schedule = scheduleOf(options.targets);
  const lanes = new Map(options.targets.map((target) => [target, new Lane(target, options)]));
  let findings = 0;
  for (let number = 0; number < options.count && findings < (options.maximumFindings ?? defaultMaximumFindings); number += 1) {
    const target = schedule[number % schedule.length];
    const lane = target === undefined ? undefined : lanes.get(target);
    if (lane === undefined) throw new Error('no target has a share of the cases');
    await lane.runCase(number);
    findings = [...lanes.values()].reduce((sum, { found }) => sum + found.length, 0);
    if (number % casesBetweenReports === casesBetweenReports - 1) options.progress?.(number + 1);
  }
  for (const lane of lanes.values()) await lane.end(options.count);
  return resultOf([...lanes.values()]);
}

/** Each target as often as its share says, mixed so that a short run meets all of them. */
function scheduleOf(targets: readonly Target[]): readonly Target[] {
  const slots = targets.flatMap((target) =>
    Array.from({ length: target.share }, (_, index) => ({ target, place: (index + 0.5) / target.share })),
  );
  return slots.sort((one, other) => one.place - other.place).map(({ target }) => target);
}

function resultOf(lanes: readonly Lane[]): FuzzResult {
  return {
    cases: new Map(lanes.map(({ target, cases }) => [target.name, cases])),
    outcomes: new Map(lanes.map(({ target, outcomes }) => [target.name, outcomes])),
    findings: lanes.flatMap(({ found }) => found),
  };
}

/** One target over the run: its life, its corpus, what became of its inputs. */
class Lane {
  readonly target: Target;
  readonly outcomes = new Map<string, number>();
  readonly found: Finding[] = [];
  cases = 0;
  readonly #seed: string;
  readonly #pool: InputPool;
  #life: Life | undefined;
  #casesInLife = 0;

  constructor(target: Target, { seed, kept = [] }: FuzzOptions) {
    this.target = target;
    this.#seed = seed;
    this.#pool = new InputPool([...target.seeds, ...kept]);
  }

  async runCase(number: number): Promise<void> {
    const random = new SeededRandom(`${this.#seed}/${number}`);
    const octets = mutate(this.#pool.pick(random), random, this.#pool.pick(random), random.pick(this.target.roughness));
    this.cases += 1;
    this.#casesInLife += 1;
    try {
      this.#life ??= await this.target.open(new SeededRandom(`${this.#seed}/${this.target.name}/${number}`));
      const mark = `x${number.toString(36)}`;
      const outcome = this.#life.run(marked(octets, mark), mark, random.fork('run'));
      this.#note(outcome instanceof Promise ? await outcome : outcome, octets);
    } catch (error) {
      this.#fail(error, number, octets);
    }
    if (this.#casesInLife >= this.target.casesPerLife) await this.end(number);
  }

  async end(number: number): Promise<void> {
    try {
      await this.#life?.end();
    } catch (error) {
      this.#fail(error, number, Buffer.alloc(0));
    }
    this.#life = undefined;
    this.#casesInLife = 0;
  }

  #note(words: readonly string[], octets: Buffer): void {
    let isNew = false;
    for (const word of words) {
      const before = this.outcomes.get(word) ?? 0;
      this.outcomes.set(word, before + 1);
      isNew ||= before === 0;
    }
    if (isNew) this.#pool.add(octets);
  }

  /** What is left of a life after a finding is not trusted any more. */
  #fail(error: unknown, number: number, octets: Buffer): void {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.found.push({ target: this.target.name, seed: this.#seed, number, message, octets });
    this.#life = undefined;
    this.#casesInLife = 0;
  }
}
