import { parseArgs } from 'node:util';
import { allTargets } from './all-targets.ts';
import type { Target } from './target.ts';

export interface CommandOptions {
  readonly count: number;
  readonly seed: string;
  readonly targets: readonly Target[];
}

const usage = `usage: npm run fuzz -- [--count 20000] [--seed 1] [--target ${allTargets.map(({ name }) => name).join('|')}]`;

/** Throws with a text for the user. */
export function readOptions(words: readonly string[]): CommandOptions {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ args: [...words], options: { count: text, seed: text, target: text } });
  const count = Number(values.count ?? '20000');
  if (!Number.isInteger(count) || count < 1) throw new Error(`--count ${values.count}: must be a whole number above 0\n${usage}`);
  const targets = allTargets.filter(({ name }) => values.target === undefined || name === values.target);
  if (targets.length === 0) throw new Error(`--target ${values.target}: there is none of that name\n${usage}`);
  return { count, seed: values.seed ?? '1', targets };
}
