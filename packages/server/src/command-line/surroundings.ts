import { z } from 'zod';

import type { Output, Write } from './output.ts';

/** What a command sees of the process it runs in. */
export interface Surroundings {
  readonly directory: string;
  readonly environment: { readonly [name: string]: string | undefined };
  /** Aborted when the user or the system asks the program to end. */
  readonly interrupted: AbortSignal;
  /** Calls back at each SIGHUP, which then no longer ends the program. */
  readonly onHangUp?: (reopen: () => void) => void;
  readonly writeOut: Write;
  readonly writeError: Write;
}

/** Options that every command knows. */
export const globalOptions = z.object({ config: z.string().optional(), json: z.boolean().default(false) });

/** One run of one command. */
export interface CommandRun {
  readonly surroundings: Surroundings;
  readonly output: Output;
  /** The file named with --config. */
  readonly configurationFile: string | undefined;
  /** All options as commander parsed them; each command knows the shape of its own. */
  readonly options: unknown;
}
