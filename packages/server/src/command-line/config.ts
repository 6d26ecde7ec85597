import { Command } from 'commander';

import { problemsFailure, readConfiguration } from './located-configuration.ts';
import { done, type Outcome } from './outcome.ts';
import type { RunCommand } from './run-command.ts';
import type { CommandRun } from './surroundings.ts';

export function configCommand(runCommand: RunCommand): Command {
  const check = new Command('check')
    .summary('name every problem of the configuration file')
    .description('Names every problem of the configuration file as FILE:LINE:COLUMN: KEY: what is wrong (what to do). Ends with 0 or 2.')
    .addHelpText('after', '\nExamples:\n  opencpm config check\n  opencpm config check --config /etc/opencpm/opencpm.yaml')
    .action(runCommand(checkConfiguration));
  return new Command('config').description('The configuration file').addCommand(check);
}

async function checkConfiguration(run: CommandRun): Promise<Outcome<void>> {
  const { file, loaded } = readConfiguration(run);
  if (loaded.kind === 'loaded') {
    run.output.report({ event: 'checked', file, problems: [] }, `${file}: no problem found`);
    return done(undefined);
  }
  run.output.record({ event: 'checked', file, problems: loaded.problems });
  return problemsFailure(loaded);
}
