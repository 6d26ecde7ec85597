/**
 * `npm run pack:check`: builds every publishable package, packs it as it would be published, installs the tarballs in an
 * empty folder and uses them there as a stranger would: imports each entry point, compiles against its types, and runs
 * the examples of the README files. `--keep` leaves that folder behind.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { buildPackage } from './pack/build.ts';
import { runExamples, tryEntryPoints, tryTypes } from './pack/consumer.ts';
import { installTarballs, packPackages } from './pack/pack.ts';
import { publishablePackages } from './pack/publishable.ts';
import type { StepResult } from './pack/step.ts';

const root = resolve(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'opencpm-pack-'));
const results: StepResult[] = [];

try {
  await checkPackages();
} finally {
  if (process.argv.includes('--keep')) process.stdout.write(`Kept ${folder}\n`);
  else rmSync(folder, { recursive: true, force: true });
}
const failed = results.filter((result) => result.fault !== undefined).length;
process.stdout.write(`${results.length - failed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

async function checkPackages(): Promise<void> {
  const packages = publishablePackages(root);
  // One after the other, lowest first: each compiles against the declarations of those below it.
  for (const one of packages) if (!note(await buildPackage(root, one))) return;
  const { tarballs, result } = await packPackages(root, packages, join(folder, 'staged'));
  if (!note(result)) return;
  const consumer = join(folder, 'consumer');
  if (!note(await installTarballs(consumer, tarballs))) return;
  for (const one of packages) for (const step of await tryEntryPoints(consumer, one)) note(step);
  note(await tryTypes(root, consumer, packages));
  for (const one of packages) for (const step of await runExamples(root, consumer, one)) note(step);
}

/** Keeps and prints a step; true when it went well. */
function note(result: StepResult): boolean {
  results.push(result);
  process.stdout.write(`${result.fault === undefined ? 'ok    ' : 'FAILED'} ${result.name}\n`);
  if (result.fault !== undefined) process.stdout.write(`${result.fault.trimEnd().replaceAll(/^/gm, '    ')}\n`);
  return result.fault === undefined;
}
