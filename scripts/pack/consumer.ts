import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import process from 'node:process';
import { findExamples } from './examples.ts';
import { entryPointNames, type PublishablePackage } from './publishable.ts';
import { runStep, type StepResult } from './step.ts';

const importTimeout = 20_000;
const compileTimeout = 60_000;
const exampleTimeout = 20_000;

/** Imports each entry point of the installed package; one that exports nothing is no face. */
export async function tryEntryPoints(folder: string, one: PublishablePackage): Promise<StepResult[]> {
  const results: StepResult[] = [];
  for (const entry of entryPointNames(one.manifest)) {
    const program = `const face = await import('${entry}'); if (Object.keys(face).length === 0) throw new Error('exports nothing');`;
    const parameters = ['--input-type=module', '--eval', program];
    results.push(await runStep(`import ${entry}`, { program: process.execPath, parameters, folder, timeout: importTimeout }));
  }
  return results;
}

/** Compiles a file that imports every entry point, against the packed declarations and with nothing skipped of ours. */
export async function tryTypes(root: string, folder: string, packages: readonly PublishablePackage[]): Promise<StepResult> {
  const lines = packages
    .flatMap(({ manifest }) => entryPointNames(manifest))
    .map((entry, index) => `export * as face${index} from '${entry}';`);
  writeFileSync(join(folder, 'types.ts'), `${lines.join('\n')}\n`);
  const compilerOptions = {
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable'],
    module: 'nodenext',
    strict: true,
    noEmit: true,
    types: ['node'],
    typeRoots: [join(root, 'node_modules', '@types')],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['types.ts'] }));
  const parameters = [join(root, 'node_modules/typescript7/bin/tsc'), '-p', folder, '--pretty', 'false'];
  return await runStep('compile against the declarations', { program: process.execPath, parameters, folder, timeout: compileTimeout });
}

/** Runs what the README of a package shows, each example as a program of its own. */
export async function runExamples(root: string, folder: string, one: PublishablePackage): Promise<StepResult[]> {
  const readme = join(root, one.folder, 'README.md');
  if (!existsSync(readme)) return [{ name: `README of ${one.manifest.name}`, fault: `${one.folder}/README.md does not exist` }];
  const results: StepResult[] = [];
  for (const example of findExamples(readFileSync(readme, 'utf8'))) {
    const path = join(folder, 'examples', `${basename(one.folder)}-${example.name}.mjs`);
    mkdirSync(join(folder, 'examples'), { recursive: true });
    writeFileSync(path, example.code);
    const command = { program: process.execPath, parameters: [path], folder, timeout: exampleTimeout };
    results.push(await runStep(`example ${example.name} of ${one.manifest.name}`, command));
  }
  return results;
}
