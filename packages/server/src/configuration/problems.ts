import type { z } from 'zod';

import { nearestKey } from './nearest-key.ts';
import { configurationSchema } from './schema.ts';
import { documentationAt, keysAt, type Path, placesOf } from './schema-walk.ts';

/** Everything that is wrong with a configuration file; the server does not start with it. */
export interface ConfigurationProblems {
  readonly kind: 'problems';
  /** In the order of the file. */
  readonly problems: readonly ConfigurationProblem[];
}

export interface ConfigurationProblem {
  /** As it was asked for, so that the line can be clicked on. */
  readonly file: string;
  /** Both count from 1. Absent when the file could not be read. */
  readonly position?: { readonly line: number; readonly column: number };
  /** `users[0].identities[1]`; absent when the problem is not with one key. */
  readonly key?: string;
  /** What is wrong, and in parentheses what to do about it. */
  readonly text: string;
}

/** `opencpm.yaml:3:5: policy.answerWithin: must be …`, as compilers write it. */
export function formatProblem(problem: ConfigurationProblem): string {
  const place = problem.position === undefined ? problem.file : `${problem.file}:${problem.position.line}:${problem.position.column}`;
  return [place, ...(problem.key === undefined ? [] : [problem.key]), problem.text].join(': ');
}

/** A problem before its place in the text is known. */
export interface Finding {
  readonly path: Path;
  readonly text: string;
}

/** `['users', 0, 'user']` → `users[0].user`; a key that is itself dotted, `routes["other.example"]`. */
export function formatPath(path: Path): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      if (!/^[A-Za-z]+$/.test(step)) return index === 0 ? step : `[${JSON.stringify(step)}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join('');
}

/** What the schema found, in the operator's words. `raw` is the document as it was read. */
export function findingsOf(issue: z.core.$ZodIssue, raw: unknown): readonly Finding[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], text: `is not a known key (${knownKeyRemedy(path, key)})` }));
  }
  if (issue.code === 'invalid_key') return [{ path, text: 'is no domain name (write for example other.example)' }];
  if (issue.code === 'custom') return [{ path, text: issue.message }];
  return [{ path, text: wrongValueText(path, valueAt(raw, path)) }];
}

function knownKeyRemedy(path: Path, key: string): string {
  const known = keysAt(configurationSchema, path);
  const near = nearestKey(key, known);
  if (near !== undefined) return `did you mean ${near}?`;
  const place = placesOf(configurationSchema, key)[0];
  if (place !== undefined) return `it belongs ${place.length === 1 ? 'at the top' : `under ${formatPath(place.slice(0, -1))}`}`;
  return `known here: ${known.join(', ')}`;
}

function wrongValueText(path: Path, value: unknown): string {
  const documentation = documentationAt(configurationSchema, path);
  const form = documentation?.form ?? 'a map of keys';
  if (value !== undefined) return `must be ${form}, not ${documentation?.secret === true ? kindOf(value) : shown(value)}`;
  return `is missing (add ${path.at(-1)}: ${documentation?.example ?? form})`;
}

function valueAt(raw: unknown, path: Path): unknown {
  let value = raw;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = Object.getOwnPropertyDescriptor(value, step)?.value;
  }
  return value;
}

function shown(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
    return text.length > 60 ? `${text.slice(0, 57)}...` : text;
  }
  return kindOf(value);
}

function kindOf(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  return typeof value === 'object' ? 'a map' : `a ${typeof value === 'string' ? 'text of another form' : typeof value}`;
}
