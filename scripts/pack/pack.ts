import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PackageManifest, type PublishablePackage, publishedManifest } from './publishable.ts';
import { runStep, type StepResult } from './step.ts';

const packTimeout = 60_000;
const installTimeout = 240_000;

export interface PackResult {
  /** Paths of the tarballs. */
  readonly tarballs: readonly string[];
  readonly result: StepResult;
}

/** Packs each package from a staged copy that has the published manifest and the licence. */
export async function packPackages(root: string, packages: readonly PublishablePackage[], folder: string): Promise<PackResult> {
  const tarballFolder = join(folder, 'tarballs');
  mkdirSync(tarballFolder, { recursive: true });
  const staged = packages.map((one) => stagePackage(root, one, folder));
  const parameters = ['pack', '--silent', '--pack-destination', tarballFolder, ...staged];
  const result = await runStep('pack', { program: 'npm', parameters, folder, timeout: packTimeout });
  return { tarballs: readdirSync(tarballFolder).map((file) => join(tarballFolder, file)), result };
}

function stagePackage(root: string, one: PublishablePackage, folder: string): string {
  const source = join(root, one.folder);
  const target = join(folder, one.folder);
  mkdirSync(target, { recursive: true });
  for (const part of ['dist', 'bin', 'README.md', 'CHANGELOG.md']) {
    if (existsSync(join(source, part))) cpSync(join(source, part), join(target, part), { recursive: true });
  }
  cpSync(join(root, 'LICENSE'), join(target, 'LICENSE'));
  const manifest: PackageManifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(publishedManifest(manifest), undefined, 2)}\n`);
  return target;
}

/** Installs all tarballs together in an empty folder; what they need from elsewhere comes from npm's cache or registry. */
export async function installTarballs(folder: string, tarballs: readonly string[]): Promise<StepResult> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }\n');
  const parameters = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', ...tarballs];
  return await runStep('install the tarballs', { program: 'npm', parameters, folder, timeout: installTimeout });
}
