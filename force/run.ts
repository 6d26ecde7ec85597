/**
 * `npm run force -- --kills 50 --seed 1`: the server as its operator runs it, killed again and again, traced, and with a
 * full disk. Ends with `N passed, N failed`; see README.md.
 */
import process from 'node:process';
import { installMissing } from '../interop/surroundings/debian-packages.ts';
import { casesFor, type ForceCase } from './cases.ts';
import type { Engine } from './engine.ts';
import { type CommandOptions, readOptions } from './options.ts';
import { type Account, tableOf } from './report.ts';

const exitCodes = { passed: 0, failed: 1, usage: 2 } as const;
const counts = { passed: 0, failed: 0 };

process.exit(await main());

async function main(): Promise<number> {
  let options: CommandOptions;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    say(reasonOf(error));
    return exitCodes.usage;
  }
  say(`seed ${options.seed}`);
  const accounts = new Map<Engine, Account>();
  for (const one of casesFor(options, accounts)) await runAndTell(one);
  say(tableOf(accounts));
  say(`${counts.passed} passed, ${counts.failed} failed`);
  return counts.failed === 0 ? exitCodes.passed : exitCodes.failed;
}

async function runAndTell({ name, needs, whyNot, run }: ForceCase): Promise<void> {
  try {
    await installMissing(needs, say);
    const reason = await whyNot();
    if (reason !== undefined) return say(`skip  ${name} (${reason})`);
    const note = await run();
    counts.passed += 1;
    say(`pass  ${name} (${note})`);
  } catch (error) {
    counts.failed += 1;
    say(`FAIL  ${name}\n${reasonOf(error).replaceAll(/^/gm, '      ')}`);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
