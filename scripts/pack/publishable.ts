import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface PackageManifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly exports?: { readonly [face: string]: { readonly [condition: string]: string } };
  readonly dependencies?: { readonly [name: string]: string };
}

export interface PublishablePackage {
  /** Relative to the repository: `packages/sip`. */
  readonly folder: string;
  readonly manifest: PackageManifest;
}

/** The workspaces that are not private, each after those that it depends on. */
export function publishablePackages(root: string): PublishablePackage[] {
  const { workspaces }: { workspaces: readonly string[] } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const packages = workspaces
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .map((folder): PublishablePackage => ({ folder, manifest: JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) }));
  return inBuildOrder(packages.filter(({ manifest }) => manifest.private !== true));
}

export function inBuildOrder(packages: readonly PublishablePackage[]): PublishablePackage[] {
  const ordered: PublishablePackage[] = [];
  const waiting = new Set(packages);
  while (waiting.size > 0) {
    const names = new Set([...waiting].map((one) => one.manifest.name));
    const next = [...waiting].find((one) => !Object.keys(one.manifest.dependencies ?? {}).some((name) => names.has(name)));
    if (next === undefined) throw new Error(`packages depend on each other in a circle: ${[...names].join(', ')}`);
    waiting.delete(next);
    ordered.push(next);
  }
  return ordered;
}

/**
 * The manifest as it is published: without the way to the sources, which are not packed, and with the Node that the
 * package needs. (In the repository that line would make npm complain about the Node that npm itself runs on.)
 */
export function publishedManifest(manifest: PackageManifest): PackageManifest & { readonly engines: { readonly node: string } } {
  const faces = Object.entries(manifest.exports ?? {}).map(([face, conditions]) => {
    const { 'opencpm-source': _source, ...published } = conditions;
    return [face, published] as const;
  });
  return { ...manifest, exports: Object.fromEntries(faces), engines: { node: '>=24' } };
}

/** `@opencpm/sip` and `./node` → `@opencpm/sip/node`. */
export function entryPointNames(manifest: PackageManifest): string[] {
  return Object.keys(manifest.exports ?? {}).map((face) => manifest.name + face.slice(1));
}
