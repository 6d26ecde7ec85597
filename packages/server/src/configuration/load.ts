import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';

import type { Configuration } from './configuration.ts';
import { contradictions, inconsistencies } from './consistency.ts';
import { type ConfigurationProblem, type ConfigurationProblems, type Finding, findingsOf, formatPath } from './problems.ts';
import { resolveConfiguration } from './resolve.ts';
import { configurationSchema } from './schema.ts';
import type { Path } from './schema-walk.ts';
import { administrationSocket } from './storage-location.ts';

/** A configuration file larger than this is something else. */
const maxFileBytes = 4_194_304;

/** How often `*alias` may be used in one file; more is a trick to fill the memory. */
const maxAliasCount = 100;

export interface LoadedConfiguration {
  readonly kind: 'loaded';
  /** Absolute. */
  readonly file: string;
  readonly configuration: Configuration;
  /** The unix socket of the running server; absolute. */
  readonly administrationSocket: string;
}

/** Reads and checks a configuration file; relative paths in it start at its folder. Never throws for what is in the file. */
export function loadConfiguration(file: string): LoadedConfiguration | ConfigurationProblems {
  const read = readText(file);
  if (read.kind === 'problems') return read;
  const lines = new LineCounter();
  const document = parseDocument(read.text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const source: Source = { file, document, lines };
  if (document.errors.length > 0) return problems(document.errors.map((error) => syntaxProblem(source, error)));
  const raw = plainValue(source);
  return raw.kind === 'problems' ? raw : checked(source, raw.value);
}

interface Source {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

function checked(source: Source, raw: unknown): LoadedConfiguration | ConfigurationProblems {
  const parsed = configurationSchema.safeParse(raw);
  const findings: Finding[] = [...inconsistencies(raw)];
  if (parsed.success) findings.push(...contradictions(parsed.data));
  else findings.push(...parsed.error.issues.flatMap((issue) => findingsOf(issue, raw)));
  if (!parsed.success || findings.length > 0) return problems(findings.map((finding) => located(source, finding)));
  const file = resolve(source.file);
  const configuration = resolveConfiguration(parsed.data, dirname(file));
  return { kind: 'loaded', file, configuration, administrationSocket: administrationSocket(configuration.storage, dirname(file)) };
}

function readText(file: string): { kind: 'text'; text: string } | ConfigurationProblems {
  try {
    if (statSync(file).size > maxFileBytes) return problems([{ file, text: `is larger than ${maxFileBytes} bytes (is this the file?)` }]);
    return { kind: 'text', text: readFileSync(file, 'utf8') };
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return problems([{ file, text: unreadable.get(reason) ?? `cannot be read: ${reason}` }]);
  }
}

const unreadable: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file (name it with --config FILE, or start from docs/example.yaml)'],
  ['EACCES', 'may not be read by this user (change its owner or mode)'],
  ['EISDIR', 'is a folder (name the file in it)'],
]);

function syntaxProblem(source: Source, error: { code: string; message: string; pos: [number, number] }): ConfigurationProblem {
  const text = error.code === 'DUPLICATE_KEY' ? 'this key is given twice (keep one)' : `is not YAML: ${error.message.split('\n')[0]}`;
  return { file: source.file, position: position(source, error.pos[0]), text };
}

/** An empty file is an empty map, so that it is told what is missing. */
function plainValue(source: Source): { kind: 'value'; value: unknown } | ConfigurationProblems {
  try {
    return { kind: 'value', value: source.document.toJS({ maxAliasCount }) ?? {} };
  } catch (error) {
    const text = `is not usable YAML: ${error instanceof Error ? error.message : String(error)}`;
    return problems([{ file: source.file, text }]);
  }
}

function located(source: Source, finding: Finding): ConfigurationProblem {
  return {
    file: source.file,
    position: position(source, offsetOf(source.document, finding.path)),
    ...(finding.path.length === 0 ? {} : { key: formatPath(finding.path) }),
    text: finding.text,
  };
}

function position(source: Source, offset: number): { line: number; column: number } {
  const { line, col } = source.lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** Where a path begins in the text: at its key, at the member of a list, or at the nearest thing above that is there. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const offset = keyOffset(document, path.slice(0, length)) ?? nodeOffset(document.getIn(path.slice(0, length), true));
    if (offset !== undefined) return offset;
  }
  return nodeOffset(document.contents) ?? 0;
}

function keyOffset(document: Document, path: Path): number | undefined {
  const map = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (!isMap(map)) return undefined;
  const pair = map.items.find((item) => isScalar(item.key) && item.key.value === path.at(-1));
  return nodeOffset(pair?.key);
}

function nodeOffset(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

/** In the order of the file, each said once. */
function problems(found: readonly ConfigurationProblem[]): ConfigurationProblems {
  const lineOf = (problem: ConfigurationProblem) => (problem.position?.line ?? 0) * 10_000 + (problem.position?.column ?? 0);
  const once = new Map(found.map((problem) => [`${problem.key} ${problem.text}`, problem]));
  return { kind: 'problems', problems: [...once.values()].sort((first, second) => lineOf(first) - lineOf(second)) };
}
