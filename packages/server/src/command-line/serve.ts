import { Command } from 'commander';

import { locateConfiguration, locateFile } from './located-configuration.ts';
import type { Outcome } from './outcome.ts';
import type { RunCommand } from './run-command.ts';
import type { CommandRun } from './surroundings.ts';

export function serveCommand(runCommand: RunCommand): Command {
  return new Command('serve')
    .summary('run the server of a configuration file')
    .description('Runs the server of a configuration file (./opencpm.yaml when none is named) until it is told to stop.')
    .addHelpText('after', '\nExamples:\n  opencpm serve\n  opencpm serve --config /etc/opencpm/opencpm.yaml')
    .action(runCommand(serve));
}

export function startCommand(runCommand: RunCommand): Command {
  return new Command('start')
    .summary('run ./opencpm.yaml or, when there is none, a demo on this machine')
    .description(
      'Runs the server of ./opencpm.yaml. Without that file: a demo with the users alice, bob and carol that listens on ' +
        'loopback only and keeps its database in ./data.',
    )
    .action(runCommand(start));
}

async function serve(run: CommandRun): Promise<Outcome<void>> {
  const located = locateFile(run);
  if (located.kind === 'failed') return located;
  const { domain } = located.value.configuration;
  const { runServer } = await import('./run-server.ts');
  return runServer(run, located.value, ({ listen, http }) => {
    const lines = [
      `OpenCPM serves ${domain}`,
      ...[...listen, ...(http === undefined ? [] : [http])].map((address) => `  ${address}`),
      'Stop with Ctrl-C or SIGTERM.',
    ];
    run.output.report({ event: 'started', domain, listen, http }, lines.join('\n'));
  });
}

async function start(run: CommandRun): Promise<Outcome<void>> {
  const located = locateConfiguration(run);
  if (located.kind === 'failed') return located;
  if (located.value.file !== undefined) return serve(run);
  const { startDemo } = await import('./start-demo.ts');
  return startDemo(run, located.value);
}
