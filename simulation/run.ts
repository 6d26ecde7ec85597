/**
 * `npm run sim -- --seeds 10000 --from 1`: lives days of whole servers and their users on virtual time and looks what was
 * promised. `--seed N` lives one day twice, compares, and tells its story when something was violated; `--bug NAME`
 * plants one. Ends with `N passed, N failed`.
 */
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { noFigures, outcomeOf, sumOf } from './day/outcome.ts';
import { planDay } from './day/plan.ts';
import { plantedBugs } from './day/planted-bugs.ts';
import type { Spoil } from './day/run-day.ts';
import { storyOf } from './day/story.ts';
import { DayWorkers } from './day/workers.ts';

const usage = `usage: npm run sim -- [--seeds 200] [--from 1] [--bug NAME]
       npm run sim -- --seed N [--bug NAME]
bugs: ${plantedBugs.map(({ name }) => `"${name}"`).join(', ')}`;

/** Violated days whose story is told; the others are named. */
const toldStories = 3;

interface Options {
  readonly seed: number | undefined;
  readonly seeds: number;
  readonly from: number;
  readonly bug: string | undefined;
}

process.exitCode = await main();

async function main(): Promise<number> {
  let options: Options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    print(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    return 2;
  }
  return options.seed === undefined ? await liveMany(options) : await liveOne(options.seed, spoilOf(options.bug));
}

function readOptions(words: readonly string[]): Options {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ args: [...words], options: { seed: text, seeds: text, from: text, bug: text } });
  if (values.bug !== undefined) spoilOf(values.bug);
  return {
    seed: values.seed === undefined ? undefined : countOf(values.seed, '--seed'),
    seeds: countOf(values.seeds ?? '200', '--seeds'),
    from: countOf(values.from ?? '1', '--from'),
    bug: values.bug,
  };
}

function countOf(text: string, name: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new Error(`${name} ${text}: must be a whole number above 0`);
  return count;
}

function spoilOf(name: string | undefined): Spoil | undefined {
  if (name === undefined) return undefined;
  const bug = plantedBugs.find((planted) => planted.name === name);
  if (bug === undefined) throw new Error(`there is no bug "${name}"`);
  return bug.spoil;
}

async function liveOne(seed: number, spoil: Spoil | undefined): Promise<number> {
  const [first, second] = [await outcomeOf(planDay(seed), spoil), await outcomeOf(planDay(seed), spoil)];
  const isEqual = first.digest === second.digest;
  print(`seed ${seed}: ${JSON.stringify(first.figures)}, digest ${first.digest.slice(0, 16)}`);
  print(isEqual ? 'lived twice, octet for octet the same' : `lived twice, and NOT the same: ${second.digest.slice(0, 16)}`);
  if (first.violations.length > 0) print(await storyOf(seed, spoil));
  return summed(isEqual && first.violations.length === 0 ? 0 : 1, 1);
}

async function liveMany({ seeds, from, bug }: Options): Promise<number> {
  const workers = new DayWorkers(availableParallelism(), bug);
  let figures = noFigures;
  const violated: number[] = [];
  let done = 0;
  await workers.live(from, seeds, (outcome) => {
    done += 1;
    figures = sumOf(figures, outcome.figures);
    for (const { checker, text } of outcome.violations) print(`seed ${outcome.seed}: ${checker}: ${text}`);
    if (outcome.violations.length > 0) violated.push(outcome.seed);
    if (done % 500 === 0) process.stderr.write(`${done} days …\n`);
  });
  for (const seed of violated.slice(0, toldStories)) print(await storyOf(seed, spoilOf(bug)));
  print(
    Object.entries(figures)
      .map(([name, count]) => `${count.toLocaleString('en')} ${name}`)
      .join(', '),
  );
  print(`digest of all days: ${workers.digest()}`);
  return summed(violated.length, seeds);
}

function summed(failed: number, all: number): number {
  print(`${all - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
