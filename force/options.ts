import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type Engine, engines } from './engine.ts';

export interface CommandOptions {
  /** On each engine. */
  readonly kills: number;
  readonly seed: string;
  readonly engines: readonly Engine[];
}

const usage = `usage: npm run force -- [--kills 50] [--seed 1] [--engine ${engines.join('|')}]`;

/** Throws with a text for the user. */
export function readOptions(words: readonly string[]): CommandOptions {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ args: [...words], options: { kills: text, seed: text, engine: text } });
  const kills = Number(values.kills ?? '50');
  if (!Number.isInteger(kills) || kills < 0) throw new Error(`--kills ${values.kills}: must be a whole number\n${usage}`);
  const chosen = engines.filter((engine) => values.engine === undefined || engine === values.engine);
  if (chosen.length === 0) throw new Error(`--engine ${values.engine}: there is none of that name\n${usage}`);
  return { kills, seed: values.seed ?? String(randomInt(1_000_000)), engines: chosen };
}
