import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';

import type { Configuration } from '../configuration/configuration.ts';
import { type LoadedConfiguration, loadConfiguration } from '../configuration/load.ts';
import { type ConfigurationProblems, formatProblem } from '../configuration/problems.ts';
import { administrationSocket } from '../configuration/storage-location.ts';
import { demoConfiguration } from './demo.ts';
import { done, exitCodes, type Failure, failed, type Outcome } from './outcome.ts';
import type { CommandRun } from './surroundings.ts';

const defaultConfigurationFile = 'opencpm.yaml';

/** The server a command is about. */
export interface LocatedConfiguration {
  readonly configuration: Configuration;
  readonly administrationSocket: string;
  /** As to be shown; absent for the demo, which has no file. */
  readonly file?: string;
}

/** The file that was named, else ./opencpm.yaml, else the demo that `opencpm start` runs in this folder. */
export function locateConfiguration(run: CommandRun): Outcome<LocatedConfiguration> {
  const { directory } = run.surroundings;
  if (run.configurationFile !== undefined || existsSync(resolve(directory, defaultConfigurationFile))) return locateFile(run);
  const configuration = demoConfiguration(directory);
  return done({ configuration, administrationSocket: administrationSocket(configuration.storage, directory) });
}

/** Only a file will do: the one that was named, else ./opencpm.yaml. */
export function locateFile(run: CommandRun): Outcome<LocatedConfiguration> {
  const { file, loaded } = readConfiguration(run);
  return loaded.kind === 'loaded' ? done({ ...loaded, file }) : problemsFailure(loaded);
}

/** That file as it is to be shown, and what is in it. */
export function readConfiguration(run: CommandRun): { file: string; loaded: LoadedConfiguration | ConfigurationProblems } {
  const { directory } = run.surroundings;
  const path = resolve(directory, run.configurationFile ?? defaultConfigurationFile);
  const file = shortest(path, directory);
  const loaded = loadConfiguration(path);
  if (loaded.kind === 'loaded') return { file, loaded };
  return { file, loaded: { ...loaded, problems: loaded.problems.map((problem) => ({ ...problem, file })) } };
}

export function problemsFailure({ problems }: ConfigurationProblems): Failure {
  return failed(exitCodes.usage, problems.map(formatProblem).join('\n'));
}

/** As one would type it from that folder. */
export function shortest(path: string, directory: string): string {
  const fromHere = relative(directory, path);
  return fromHere === '' || fromHere.startsWith('..') ? path : fromHere;
}
