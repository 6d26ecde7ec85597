/**
 * `npm test`: the check, then every test of the repository except those that need foreign programs (`npm run test:interop`).
 * Ends with the line `N passed, N failed`; each part of the check counts as one. Arguments are paths to which to limit
 * the run; `--no-check` leaves the check out.
 */
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { run } from 'node:test';
import { pathToFileURL } from 'node:url';
import { printFinding } from './check/finding.ts';
import { runParts } from './check/parts.ts';
import { listFiles } from './check/source.ts';
import { TestReport } from './test-report.ts';

/** Milliseconds after which a test file that does not end (an open socket, a lost answer) counts as failed. */
const fileTimeout = 300_000;

const root = resolve(import.meta.dirname, '..');
const paths = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const report = new TestReport(root, (line) => process.stdout.write(`${line}\n`));

if (!process.argv.includes('--no-check') && paths.length === 0) await runCheck();
await runTests(selectTests(paths));
process.stdout.write(`${report.passed} passed, ${report.failed} failed\n`);
process.exitCode = report.failed === 0 ? 0 : 1;

async function runCheck(): Promise<void> {
  const results = await runParts(root, (result) => report.takePart(result.name, result.findings.length === 0));
  for (const result of results) for (const finding of result.findings) process.stdout.write(`  ${printFinding(finding)}\n`);
}

function selectTests(wanted: readonly string[]): string[] {
  const isWanted = (file: string): boolean => wanted.length === 0 || wanted.some((path) => file.startsWith(join(path)));
  return listFiles(root).filter((file) => /\.test\.m?ts$/.test(file) && !file.startsWith('interop/') && isWanted(file));
}

async function runTests(files: readonly string[]): Promise<void> {
  if (files.length === 0) report.takePart('tests: found none', false);
  if (files.length === 0) return;
  process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules', '.cache', 'compiled');
  const events = run({
    files: files.map((file) => join(root, file)),
    concurrency: availableParallelism(),
    timeout: fileTimeout,
    execArgv: ['--conditions=opencpm-source', `--import=${pathToFileURL(join(root, 'scripts/property-seed.ts'))}`],
    cwd: root,
  });
  for await (const event of events) report.take(event);
}
