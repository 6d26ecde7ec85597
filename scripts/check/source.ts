import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** A file of code with its syntax tree; `path` is relative to the repository, with slashes. */
export interface Source {
  readonly path: string;
  readonly tree: ts.SourceFile;
  readonly place: Place;
}

/** Where a file of code stands, which decides what it may use. */
export interface Place {
  /** `sip` for packages/sip/…, `conformance` for conformance/…; empty for a file at the root. */
  readonly home: string;
  /** False for the programs beside the packages: conformance, interop, bench, fuzz, force, simulation, scripts. */
  readonly isPackage: boolean;
  /** A test or equipment of tests: `*.test.ts`, `*.fixture.ts`, a `testing/` folder. None of it is built or packed. */
  readonly isTest: boolean;
  /** May use Node: a `node/` folder, storage, server, testkit, a test, a program beside the packages. */
  readonly mayUseNode: boolean;
  /** Compiled without any runtime's types: no clock, no timer, no randomness of its own. */
  readonly isPortable: boolean;
}

const portablePackages = new Set(['payloads', 'sip', 'msrp', 'imap', 'xcap', 'cpm']);
/** testkit is equipment of tests, which run on Node. */
const packagesOnNode = new Set(['storage', 'server', 'console', 'testkit']);
const codeRoots = new Set(['packages', 'conformance', 'interop', 'bench', 'fuzz', 'force', 'answers', 'simulation', 'scripts', 'deploy']);
const skippedFolders = new Set(['node_modules', 'dist', '.git', 'data', 'coverage', '.cache', 'corpus', 'corpora']);

/** Is this a test, or equipment that only tests use? */
export function isForTests(path: string): boolean {
  return /\.(test|fixture)\.m?ts$/.test(path) || /\/src\/(.*\/)?testing\//.test(path);
}

function placeOf(path: string): Place {
  const parts = path.split('/');
  const isPackage = parts[0] === 'packages' && parts.length > 2;
  const home = parts.length > 1 ? (parts[isPackage ? 1 : 0] ?? '') : '';
  const isTest = isForTests(path);
  const isDriver = parts[2] === 'src' && (parts[3] === 'node' || parts[3] === 'browser');
  return {
    home,
    isPackage,
    isTest,
    mayUseNode: !isPackage || isTest || isDriver || packagesOnNode.has(home),
    isPortable: isPackage && portablePackages.has(home) && !isTest && !isDriver,
  };
}

export function parseSource(path: string, text: string): Source {
  const kind = path.endsWith('.mjs') ? ts.ScriptKind.JS : ts.ScriptKind.TS;
  return { path, tree: ts.createSourceFile(path, text, ts.ScriptTarget.ES2024, true, kind), place: placeOf(path) };
}

/** Every file below `root` that a person wrote, relative and sorted; neither installed nor built nor foreign ones. */
export function listFiles(root: string): string[] {
  const found: string[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() && !skippedFolders.has(entry.name)) visit(path);
      else if (entry.isFile()) found.push(path);
    }
  };
  visit('');
  return found.sort();
}

/** The files of code among `files`, parsed. */
export function readSources(root: string, files: readonly string[]): Source[] {
  // A file may go while another program works in the tree; then it is no source any more.
  return files
    .filter((path) => isCode(path) && existsSync(join(root, path)))
    .map((path) => parseSource(path, readFileSync(join(root, path), 'utf8')));
}

function isCode(path: string): boolean {
  return /\.(m?ts|mjs)$/.test(path) && !path.endsWith('.d.ts') && codeRoots.has(path.split('/')[0] ?? '');
}

export function lineOf(source: Source, position: number): number {
  return source.tree.getLineAndCharacterOfPosition(position).line + 1;
}

/** Calls `visitor` for every node of the tree, parents first. */
export function walk(node: ts.Node, visitor: (node: ts.Node) => void): void {
  visitor(node);
  ts.forEachChild(node, (child) => walk(child, visitor));
}
