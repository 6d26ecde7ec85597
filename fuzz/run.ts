/**
 * `npm run fuzz -- --count 1000000 --seed 1`: mutated messages into parser, framer, payload codecs, endpoint and the
 * whole server. Ends with exit code 1 when something was found; see README.md.
 */
import process from 'node:process';
import { type Finding, fuzz } from './fuzzer.ts';
import { HeapWatch } from './heap.ts';
import { keepInput, keptInputs } from './kept-corpus.ts';
import { type CommandOptions, readOptions } from './options.ts';
import { replay } from './replay.ts';
import { reportLines } from './report.ts';
import { shrink } from './shrink.ts';
import type { Target } from './target.ts';

const exitCodes = { clean: 0, found: 1, usage: 2 } as const;

/** Times at which the heap is measured over a run. */
const heapSamples = 10;

process.exitCode = await main();

async function main(): Promise<number> {
  let options: CommandOptions;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    print(error instanceof Error ? error.message : String(error));
    return exitCodes.usage;
  }
  return run(options);
}

async function run({ count, seed, targets }: CommandOptions): Promise<number> {
  const heap = new HeapWatch();
  const checkpoint = Math.max(10_000, Math.floor(count / heapSamples / 10_000) * 10_000);
  const progress = (done: number): void => {
    if (done % checkpoint !== 0) return;
    heap.sample();
    process.stderr.write(`${done} cases …\n`);
  };
  const result = await fuzz({ seed, count, targets, kept: keptInputs().map(({ octets }) => octets), progress });
  heap.sample();
  for (const line of reportLines(result, heap.samples)) print(line);
  for (const finding of result.findings) await tell(finding, targets);
  if (heap.grew) print('FOUND: the heap grows over the run');
  print(`${result.findings.length + (heap.grew ? 1 : 0)} found`);
  return result.findings.length === 0 && !heap.grew ? exitCodes.clean : exitCodes.found;
}

/** Shrinks what fails alone and keeps it; what needs the cases before it is told with its seed and number. */
async function tell(finding: Finding, targets: readonly Target[]): Promise<void> {
  print(`FOUND: ${finding.target}, --seed ${finding.seed}, case ${finding.number}: ${finding.message}`);
  const target = targets.find(({ name }) => name === finding.target);
  const fails = async (octets: Buffer) => target !== undefined && (await replay(target, octets, finding.seed)) !== undefined;
  if (finding.octets.length === 0 || !(await fails(finding.octets)))
    return print('  not by this input alone; run the seed up to this case again');
  print(`  kept as fuzz/corpus/${keepInput(finding.target, await shrink(finding.octets, fails))}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
