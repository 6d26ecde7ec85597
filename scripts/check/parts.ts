import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { AllowanceUse, allowances } from './allowances.ts';
import type { Finding } from './finding.ts';
import { checkImports, type EntryPoints, entryPointsOf } from './imports.ts';
import { checkCalls, checkText } from './leftovers.ts';
import { checkPromises } from './promises.ts';
import { checkSizes } from './sizes.ts';
import { listFiles, readSources, type Source } from './source.ts';
import { checkSyntax } from './syntax.ts';
import { checkFormatAndLint, checkTypes, checkUnused } from './tools.ts';

export interface PartResult {
  readonly name: string;
  readonly milliseconds: number;
  readonly findings: readonly Finding[];
}

type Part = () => Finding[] | Promise<Finding[]>;

/** Runs all parts of the check: the tools as processes beside each other, our own rules meanwhile in this one. */
export async function runParts(root: string, done: (result: PartResult) => void): Promise<PartResult[]> {
  const results: PartResult[] = [];
  const time = async (name: string, part: Part): Promise<void> => {
    const start = performance.now();
    const findings = await part();
    const result = { name, milliseconds: performance.now() - start, findings };
    results.push(result);
    done(result);
  };
  const tools = [
    time('types', () => checkTypes(root, 'tsconfig.json')),
    time('portable types', () => checkTypes(root, 'tsconfig.portable.json')),
    time('format, lint', () => checkFormatAndLint(root)),
    time('unused', () => checkUnused(root)),
  ];
  for (const [name, part] of ownParts(root)) {
    await time(name, part);
    // Our parts keep this thread busy; between them the tools get the chance to say that they have ended.
    await setImmediate();
  }
  await Promise.all(tools);
  return results;
}

function ownParts(root: string): [string, Part][] {
  const files = listFiles(root);
  const sources = readSources(root, files);
  const use = new AllowanceUse(allowances);
  return [
    ['imports', () => checkImports(sources, readEntryPoints(root, files))],
    ['syntax', () => sources.flatMap((source) => checkSyntax(source, use))],
    ['sizes', () => sources.flatMap((source) => checkSizes(source, use))],
    ['leftovers', () => [...checkTexts(root, files, use), ...checkAllCalls(sources, use)]],
    ['promises', () => checkPromises(root, 'tsconfig.json')],
    ['allowances', () => use.unneeded()],
  ];
}

function checkAllCalls(sources: readonly Source[], use: AllowanceUse): Finding[] {
  return sources.flatMap((source) => checkCalls(source, use));
}

const textFile = /(^\.ci\/run|(^|\/)Dockerfile|\.(ts|mts|mjs|js|json|md|ya?ml|sh|sql|toml|cfg|conf|html|css))$/;

function checkTexts(root: string, files: readonly string[], use: AllowanceUse): Finding[] {
  return files
    .filter((path) => textFile.test(path) && existsSync(join(root, path)))
    .flatMap((path) => checkText(path, readFileSync(join(root, path), 'utf8'), use));
}

function readEntryPoints(root: string, files: readonly string[]): EntryPoints {
  const manifests = files.filter((path) => /^packages\/[^/]+\/package\.json$/.test(path));
  return new Map(
    manifests.flatMap((path) => entryPointsOf(path.slice(0, -'/package.json'.length), JSON.parse(readFileSync(join(root, path), 'utf8')))),
  );
}
