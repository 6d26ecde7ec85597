import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';

import { maxQueueRows } from '../admin/limits.ts';
import type { QueuedMessage, QueuedMessageClient, QueuedMessageSummary } from '../administration.ts';
import { withAdministration } from './administration-access.ts';
import { done, type Outcome, outcomeOf } from './outcome.ts';
import { columns, printable } from './output.ts';
import type { RunCommand } from './run-command.ts';
import type { CommandRun } from './surroundings.ts';

const defaultRows = 1000;

export function queueCommand(runCommand: RunCommand): Command {
  const list = new Command('list')
    .option('--user <name>', 'only what waits for this user')
    .option('--limit <rows>', `how many at most`, rowCount, defaultRows)
    .description('Lists the messages that wait for their recipients, oldest first.')
    .addHelpText('after', '\nExample:\n  opencpm queue list --user bob')
    .action(runCommand(listQueue));
  const show = new Command('show').argument('<id>').description('Shows one waiting message with its text.').action(runCommand(showMessage));
  const drop = new Command('drop')
    .argument('<id>')
    .description('Takes a message out of the queue. Its sender is told when he has asked to be.')
    .action(runCommand(dropMessage));
  return new Command('queue').description('Messages that wait for their recipients').addCommand(list).addCommand(show).addCommand(drop);
}

function rowCount(text: string): number {
  const rows = Number(text);
  if (!Number.isSafeInteger(rows) || rows < 1 || rows > maxQueueRows)
    throw new InvalidArgumentError(`It is a number from 1 to ${maxQueueRows}.`);
  return rows;
}

const listOptions = z.object({ user: z.string().exactOptional(), limit: z.number() });

async function listQueue(run: CommandRun): Promise<Outcome<void>> {
  const filter = listOptions.parse(run.options);
  const queue = await withAdministration(run, async ({ administration }) => outcomeOf(await administration.queue(filter)));
  if (queue.kind === 'failed') return queue;
  if (queue.value.length === 0) run.output.say('No message waits.');
  else
    run.output.say(columns([['ID', 'FOR', 'FROM', 'ARRIVED', 'EXPIRES', 'OCTETS', 'ATTEMPTS', 'NEXT TRY'], ...queue.value.map(queueRow)]));
  if (queue.value.length === filter.limit) run.output.say(`There may be more (--limit ${filter.limit}).`);
  for (const message of queue.value) run.output.record(message);
  return done(undefined);
}

function queueRow(message: QueuedMessageSummary): readonly string[] {
  const { messageUriId, user, from, arrivedAt, expiresAt, sizeOctets, attempts } = message;
  const row = [messageUriId, user, from ?? 'anonymous', arrivedAt, expiresAt, String(sizeOctets), String(attempts), nextTry(message)];
  return row.map(printable);
}

/** The earliest of all clients; without one it waits for a client to register, or to register otherwise. */
function nextTry({ clients }: QueuedMessageSummary): string {
  const [earliest] = clients.flatMap(({ nextTryAt }) => (nextTryAt === undefined ? [] : [nextTryAt])).sort();
  return earliest ?? (clients.length === 0 ? 'registration' : 'refused');
}

async function showMessage(run: CommandRun, id = ''): Promise<Outcome<void>> {
  const message = await withAdministration(run, async ({ administration }) => outcomeOf(await administration.queuedMessage(id)));
  if (message.kind === 'failed') return message;
  run.output.report(message.value, messageText(message.value));
  return done(undefined);
}

function messageText(message: QueuedMessage): string {
  const rows = [
    ['for', message.user],
    ['from', message.from ?? 'anonymous'],
    ['arrived', message.arrivedAt],
    ['expires', message.expiresAt],
    ['attempts', String(message.attempts)],
    ['next try', nextTry(message)],
    ...message.clients.map((client) => ['client', clientText(client)]),
    ['content', `${message.contentType}, ${message.sizeOctets} octets`],
    ['conversation', message.conversationId ?? ''],
    ['contribution', message.contributionId ?? ''],
    ['message', message.imdnMessageId ?? ''],
  ];
  const head = columns(rows.filter(([, value]) => value !== '').map((row) => row.map(printable)));
  return message.text === undefined ? head : `${head}\n\n${printable(message.text)}`;
}

/** `<urn:uuid:…>: 2 attempts, last answered 486, next try 2026-01-15T12:00:00.000Z`. */
function clientText({ client, attempts, status, nextTryAt }: QueuedMessageClient): string {
  const answered = status === 0 ? 'could not be sent' : `last answered ${status ?? 'nothing'}`;
  const next = nextTryAt === undefined ? 'refused until it registers otherwise' : `next try ${nextTryAt}`;
  return `${client}: ${attempts} attempts, ${answered}, ${next}`;
}

async function dropMessage(run: CommandRun, id = ''): Promise<Outcome<void>> {
  const dropped = await withAdministration(run, async ({ administration }) => outcomeOf(await administration.dropQueuedMessage(id)));
  if (dropped.kind === 'failed') return dropped;
  run.output.report(dropped.value, `Dropped ${printable(id)}, which waited for ${printable(dropped.value.user)}.`);
  return done(undefined);
}
