import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import ts from 'typescript';
import type { Finding } from './finding.ts';
import { isForTests, lineOf, type Source, walk } from './source.ts';

/** The packages from the lowest layer to the highest; those of one layer do not know each other. */
const layers: readonly (readonly string[])[] = [
  ['payloads'],
  ['sip', 'msrp'],
  ['imap', 'xcap'],
  ['cpm'],
  ['client', 'testkit'],
  ['storage'],
  ['server'],
  ['console'],
  ['simulation'],
];

/** testkit stands high but must serve the tests of everything above the protocol libraries, so it knows only those. */
const narrowed: Readonly<Record<string, readonly string[]>> = { testkit: ['payloads', 'sip', 'msrp'] };

/** Entry points of a workspace package: `@opencpm/sip/node` → `packages/sip/src/node/index.ts`. */
export type EntryPoints = ReadonlyMap<string, string>;

interface Import {
  readonly specifier: string;
  readonly line: number;
  /** The file it leads to when that is one of ours. */
  readonly target: string | undefined;
}

interface Module {
  readonly source: Source;
  readonly imports: readonly Import[];
}

/** Reads all imports; refuses upward ones, circles, ways around a package's face, and Node where it must not be. */
export function checkImports(sources: readonly Source[], entryPoints: EntryPoints): Finding[] {
  if (sources.length === 0) return [{ file: '.', line: 1, rule: 'imports', message: 'saw 0 modules: the check looked at nothing' }];
  const modules = sources.map((source): Module => ({ source, imports: importsOf(source, entryPoints) }));
  return [...modules.flatMap((module) => checkModule(module)), ...findCircles(modules)];
}

/** The entry points that `package.json` files declare under the condition that this repository runs with. */
export function entryPointsOf(folder: string, manifest: { readonly name?: unknown; readonly exports?: unknown }): [string, string][] {
  const { name, exports } = manifest;
  if (typeof name !== 'string' || typeof exports !== 'object' || exports === null) return [];
  return Object.entries(exports).flatMap(([face, conditions]): [string, string][] => {
    const path: unknown = conditions?.['opencpm-source'];
    return typeof path === 'string' ? [[posix.join(name, face), posix.join(folder, path)]] : [];
  });
}

function importsOf(source: Source, entryPoints: EntryPoints): Import[] {
  const found: Import[] = [];
  walk(source.tree, (node) => {
    const specifier = specifierOf(node);
    if (specifier === undefined) return;
    const text = specifier.text;
    const target = text.startsWith('.') ? posix.join(posix.dirname(source.path), text) : entryPoints.get(text);
    found.push({ specifier: text, line: lineOf(source, specifier.getStart(source.tree)), target });
  });
  return found;
}

/** Static and dynamic imports, re-exports, and types named as `import('x').T`. */
function specifierOf(node: ts.Node): ts.StringLiteralLike | undefined {
  const literal = (candidate: ts.Node | undefined): ts.StringLiteralLike | undefined =>
    candidate !== undefined && ts.isStringLiteralLike(candidate) ? candidate : undefined;
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return literal(node.moduleSpecifier);
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) return literal(node.arguments[0]);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return literal(node.argument.literal);
  return undefined;
}

function checkModule(module: Module): Finding[] {
  const { path, place } = module.source;
  if (place.isPackage && layerOf(place.home) === -1) {
    return [
      { file: path, line: 1, rule: 'layers', message: `package "${place.home}" has no layer; give it one in scripts/check/imports.ts` },
    ];
  }
  return module.imports.flatMap((one) => {
    const message = faultOf(module.source, one);
    return message === undefined ? [] : [{ file: path, line: one.line, rule: 'layers', message }];
  });
}

function faultOf(source: Source, one: Import): string | undefined {
  const { place } = source;
  if (isBuiltin(one.specifier)) return place.mayUseNode ? undefined : `${one.specifier} outside a node/ folder`;
  if (place.isPackage && !place.isTest && isForTests(one.target ?? '')) return `${one.specifier} is equipment of tests and not packed`;
  const foreign = foreignHome(source, one);
  if (foreign === undefined || !place.isPackage) return undefined;
  if (one.specifier.startsWith('.')) return `${one.specifier} leaves the package; import it by name`;
  return mayImport(source, foreign) ? undefined : `${place.home} must not import ${foreign}, which is not below it`;
}

/** The other package (or program) that an import leads to. */
function foreignHome(source: Source, one: Import): string | undefined {
  const { place } = source;
  const named = /^@opencpm\/([^/]+)/.exec(one.specifier)?.[1];
  const parts = one.target?.split('/') ?? [];
  const home = named ?? (parts[0] === 'packages' ? parts[1] : parts[0]);
  return home === undefined || home === place.home ? undefined : home;
}

function mayImport(source: Source, target: string): boolean {
  // The virtual clock and network exist for tests, also for those of the packages below testkit.
  if (source.place.isTest && target === 'testkit') return true;
  const allowed = narrowed[source.place.home];
  if (allowed !== undefined) return allowed.includes(target);
  const targetLayer = layerOf(target);
  return targetLayer !== -1 && targetLayer < layerOf(source.place.home);
}

function layerOf(home: string): number {
  return layers.findIndex((layer) => layer.includes(home));
}

/** Depth-first search; every edge back into the path that is being walked closes a circle, reported once per edge. */
function findCircles(modules: readonly Module[]): Finding[] {
  const byPath = new Map(modules.map((module) => [module.source.path, module]));
  const finished = new Set<string>();
  const trail: string[] = [];
  const findings: Finding[] = [];
  const visit = (module: Module): void => {
    const { path } = module.source;
    trail.push(path);
    for (const one of module.imports) {
      const target = one.target === undefined ? undefined : byPath.get(one.target);
      if (target === undefined || finished.has(target.source.path)) continue;
      const start = trail.indexOf(target.source.path);
      if (start === -1) visit(target);
      else findings.push({ file: path, line: one.line, rule: 'circle', message: [...trail.slice(start), target.source.path].join(' → ') });
    }
    trail.pop();
    finished.add(path);
  };
  for (const module of modules) if (!finished.has(module.source.path)) visit(module);
  return findings;
}
