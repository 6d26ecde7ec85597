import { Command } from 'commander';

import type { NodeSummary, ServerStatus } from '../administration.ts';
import { withAdministration } from './administration-access.ts';
import { done, type Outcome } from './outcome.ts';
import { columns } from './output.ts';
import type { RunCommand } from './run-command.ts';
import type { CommandRun } from './surroundings.ts';

export function statusCommand(runCommand: RunCommand): Command {
  return new Command('status')
    .summary('what the server serves and holds')
    .description(
      'Says where the server listens, what it holds, which nodes share its database, and which parts of the specification are not there. Without a running server: what its database holds.',
    )
    .action(runCommand(status));
}

async function status(run: CommandRun): Promise<Outcome<void>> {
  const found = await withAdministration(run, async ({ administration, serverRuns }) =>
    done({ ...(await administration.status()), serverRuns }),
  );
  if (found.kind === 'failed') return found;
  run.output.report(found.value, statusText(found.value, found.value.serverRuns));
  return done(undefined);
}

function unreachableText({ unreachableBindings }: ServerStatus): string {
  return unreachableBindings === 0 ? '' : `, ${unreachableBindings} of them out of reach`;
}

function nodeRows({ nodes }: ServerStatus): readonly (readonly string[])[] {
  if (nodes === undefined) return [['nodes', 'not known: the database did not answer']];
  return nodes.map((node, index) => [index === 0 ? 'nodes' : '', nodeText(node)]);
}

function nodeText({ name, state, since, leaseUntil, bindings }: NodeSummary): string {
  const clients = `${bindings} registered clients`;
  switch (state) {
    case 'alive':
      return `${name}: there since ${since}, lease until ${leaseUntil}, ${clients}`;
    case 'gone':
      return `${name}: gone, its lease ended ${leaseUntil}, ${clients}`;
    case 'stopped':
      return `${name}: stopped, ${clients}`;
  }
}

function statusText(status: ServerStatus, serverRuns: boolean): string {
  const { version, domain, startedAt, listen, storage } = status;
  const rows = [
    ['users', `${status.users}, with ${status.bindings} registered clients${unreachableText(status)}`],
    ['waiting', `${status.deferredMessages} messages for their recipients, ${status.outboxRows} things to send`],
    ['storage', `${storage.engine}, schema ${storage.schema}`],
    ...listen.map((address, index) => [index === 0 ? 'listens' : '', address]),
    ...nodeRows(status),
    ...status.absentAdapters.map(({ port, instead }, index) => [index === 0 ? 'not there' : '', `${port}: ${instead}`]),
  ];
  const head = serverRuns ? `OpenCPM ${version} serves ${domain} since ${startedAt}` : `No server runs; the database of ${domain} holds:`;
  return `${head}\n${columns(rows.map((row) => [`  ${row[0]}`, row[1] ?? '']))}`;
}
