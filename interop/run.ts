/**
 * `npm run test:interop`: our server and command line with programs that nobody here wrote. Installs the Debian packages
 * that are missing, runs the cases (a few at a time, those first that are to be alone), ends with `N passed, N failed`.
 * Arguments are parts of the names of the cases to run; none means all.
 */
import process from 'node:process';
import type { InteropCase } from './case.ts';
import { cases } from './cases/index.ts';
import { runCase, type Verdict } from './run-case.ts';
import { installMissing } from './surroundings/debian-packages.ts';
import { captureProgram } from './surroundings/wire-capture.ts';

const wanted = process.argv.slice(2);
const chosen = cases.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
/** Cases wait for other programs most of the time. */
const atATime = 3;
const counts = { passed: 0, failed: 0 };

await installMissing([captureProgram, ...chosen.flatMap(({ needs }) => needs)], say);
for (const one of chosen.filter(({ alone = false }) => alone)) await runAndTell(one);
const waiting = chosen.filter(({ alone = false }) => !alone).values();
await Promise.all(Array.from({ length: atATime }, runThoseThatWait));
if (chosen.length === 0) tell({ name: `a case named ${wanted.join(' or ')}`, failure: 'there is none', notes: [] });
say(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed === 0 ? 0 : 1);

async function runThoseThatWait(): Promise<void> {
  for (const one of waiting) await runAndTell(one);
}

async function runAndTell(one: InteropCase): Promise<void> {
  for (const verdict of await runCase(one)) tell(verdict);
}

function tell({ name, failure, notes }: Verdict): void {
  counts[failure === undefined ? 'passed' : 'failed'] += 1;
  say(`${failure === undefined ? 'pass' : 'FAIL'}  ${name}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`);
  if (failure !== undefined) say(failure.replaceAll(/^/gm, '      '));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
