import type { Command } from 'commander';

import type { Outcome } from './outcome.ts';
import type { CommandRun } from './surroundings.ts';

/** What a command does, given its options and (in the order of its usage) its arguments. */
export type Act = (run: CommandRun, ...given: readonly string[]) => Promise<Outcome<void>>;

/** Makes commander's action of it. */
export type RunCommand = (act: Act) => (this: Command) => Promise<void>;
