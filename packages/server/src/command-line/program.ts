import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { Command, CommanderError } from 'commander';

import { configCommand } from './config.ts';
import { listenCommand } from './listen.ts';
import { type ExitCode, exitCodes } from './outcome.ts';
import { outputOver } from './output.ts';
import { queueCommand } from './queue.ts';
import type { RunCommand } from './run-command.ts';
import { sendCommand } from './send.ts';
import { serveCommand, startCommand } from './serve.ts';
import { statusCommand } from './status.ts';
import { storageCommand } from './storage.ts';
import { storeCommand } from './store.ts';
import { globalOptions, type Surroundings } from './surroundings.ts';
import { userCommand } from './user.ts';

/** Runs one command line (without the program's own name) to its end. Does not exit the process. */
export async function runCommandLine(words: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.done;
  const program = commandLine(surroundings, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(words, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  }
}

const exitCodeHelp = `
Exit codes:
  0  done
  1  refused by the peer, or what was named is not there
  2  wrong command line or configuration
  3  server not reachable, or another fault outside this program`;

const programHelp = `
Examples:
  opencpm start                           a server on this machine, to try things
  opencpm listen --as bob                 show what bob gets
  opencpm send --as alice bob 'hello'     and send him something
${exitCodeHelp}`;

function commandLine(surroundings: Surroundings, ended: (code: ExitCode) => void): Command {
  const runCommand: RunCommand = (act) =>
    async function (this: Command) {
      const options: unknown = this.optsWithGlobals();
      const { config, json } = globalOptions.parse(options);
      const output = outputOver(surroundings.writeOut, surroundings.writeError, json);
      const outcome = await act({ surroundings, output, configurationFile: config, options }, ...this.args);
      if (outcome.kind === 'failed') output.complain(outcome.text);
      ended(outcome.kind === 'failed' ? outcome.exitCode : exitCodes.done);
    };
  const program = new Command('opencpm')
    .description('Messaging server for OMA Converged IP Messaging: run it, look after it, send and listen.')
    .version(packageVersion(), '--version')
    .option('--config <file>', 'the configuration file (default: ./opencpm.yaml)')
    .option('--json', 'one JSON object per line instead of text for people')
    .addHelpText('after', programHelp);
  const commands = [
    startCommand,
    serveCommand,
    configCommand,
    sendCommand,
    listenCommand,
    userCommand,
    queueCommand,
    storeCommand,
    storageCommand,
    statusCommand,
  ];
  for (const command of commands) program.addCommand(command(runCommand));
  settle(program, surroundings);
  return program;
}

/** Everywhere: our writer, no exit, and a hint at the help. */
function settle(command: Command, surroundings: Surroundings): void {
  command
    .exitOverride()
    .configureOutput({ writeOut: surroundings.writeOut, writeErr: surroundings.writeError })
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(opencpm COMMAND --help explains the command)');
  for (const child of command.commands) settle(child, surroundings);
}

function packageVersion(): string {
  const description: unknown = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8'));
  const version = typeof description === 'object' && description !== null && 'version' in description ? description.version : undefined;
  return typeof version === 'string' ? version : 'unknown';
}
