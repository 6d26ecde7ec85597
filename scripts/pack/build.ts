import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { PublishablePackage } from './publishable.ts';
import { runStep, type StepResult } from './step.ts';

const compileTimeout = 120_000;

/** Compiles `src/` without tests and their equipment to JavaScript and declarations in `dist/`. */
export async function buildPackage(root: string, one: PublishablePackage): Promise<StepResult> {
  const name = `build ${one.manifest.name}`;
  if (!existsSync(join(root, one.folder, 'src', 'index.ts'))) return { name, fault: `${one.folder}/src/index.ts does not exist` };
  const output = join(root, one.folder, 'dist');
  rmSync(output, { recursive: true, force: true });
  const compiled = await runStep(name, {
    program: process.execPath,
    parameters: [join(root, 'node_modules/typescript7/bin/tsc'), '-p', writeConfiguration(root, one), '--pretty', 'false'],
    folder: root,
    timeout: compileTimeout,
  });
  const fault = compiled.fault ?? faultOfOutput(output);
  return { name, fault };
}

/**
 * Differs from the repository's configuration where a package stands alone: it sees the others as built, not as
 * sources, so that what is not declared by them fails here and not at the user's.
 */
function writeConfiguration(root: string, one: PublishablePackage): string {
  const folder = join(root, 'node_modules', '.cache', 'build');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${one.folder.replaceAll('/', '-')}.json`);
  const source = join(root, one.folder, 'src');
  const configuration = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      allowJs: false,
      customConditions: [],
      declaration: true,
      rewriteRelativeImportExtensions: true,
      rootDir: source,
      outDir: join(root, one.folder, 'dist'),
      typeRoots: [join(root, 'node_modules', '@types')],
    },
    include: [`${source}/**/*.ts`],
    exclude: [`${source}/**/*.test.ts`, `${source}/**/*.fixture.ts`, `${source}/**/testing/**`],
  };
  writeFileSync(path, JSON.stringify(configuration, undefined, 2));
  return path;
}

/** The compiler rewrites imports only; a worker that is started by its `.ts` name would be missing in the package. */
function faultOfOutput(output: string): string | undefined {
  const files = readdirSync(output, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
  const faults = files.flatMap((file) => {
    const text = readFileSync(join(output, file), 'utf8');
    return [...text.matchAll(/new URL\(\s*(['"`])([^'"`]+)\.ts\1/g)].map((match) => `${file}: ${match[2]}.ts is not in the package`);
  });
  return faults.length === 0 ? undefined : faults.join('\n');
}
