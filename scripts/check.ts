/**
 * `npm run check`: everything that can be said about the sources without running them. Prints a line for each part,
 * then what it refuses; exit code 1 when there is any. `npm run check -- packages/sip` shows only findings below that path.
 */
import { join, resolve } from 'node:path';
import process from 'node:process';
import { type Finding, printFinding } from './check/finding.ts';
import { type PartResult, runParts } from './check/parts.ts';

const root = resolve(import.meta.dirname, '..');

const paths = process.argv.slice(2).map((path) => join(path));
const results = await runParts(root, printPart);
const shown = results.flatMap((result) => result.findings).filter((finding) => isWanted(finding));
for (const finding of shown) process.stdout.write(`${printFinding(finding)}\n`);
process.exitCode = shown.length === 0 ? 0 : 1;

function printPart(result: PartResult): void {
  const count = result.findings.filter((finding) => isWanted(finding)).length;
  const verdict = count === 0 ? 'ok' : `${count} ${count === 1 ? 'finding' : 'findings'}`;
  process.stdout.write(`${result.name.padEnd(14)}${(result.milliseconds / 1000).toFixed(1).padStart(5)} s  ${verdict}\n`);
}

function isWanted(finding: Finding): boolean {
  return (
    paths.length === 0 || paths.some((path) => finding.file === path || finding.file.startsWith(path.endsWith('/') ? path : `${path}/`))
  );
}
