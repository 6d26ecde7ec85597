import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { maxQueueRows } from '../admin/limits.ts';
import type { StoredMessage, StoredMessageSummary } from '../message-store-administration.ts';
import { withAdministration } from './administration-access.ts';
import { done, type Outcome, outcomeOf } from './outcome.ts';
import { columns, printable } from './output.ts';
import type { RunCommand } from './run-command.ts';
import type { CommandRun } from './surroundings.ts';

const defaultRows = 1000;

/** `opencpm store …`: what was recorded for users and stored instead of delivered. */
export function storeCommand(runCommand: RunCommand): Command {
  const list = new Command('list')
    .argument('<user>')
    .option('--limit <rows>', 'how many at most', wholeNumberUpTo(maxQueueRows), defaultRows)
    .description('Lists the messages in the store of a user, by UID.')
    .action(runCommand(listStore));
  const show = new Command('show')
    .argument('<user>')
    .argument('<uid>', 'as `store list` shows it', wholeNumberUpTo(Number.MAX_SAFE_INTEGER))
    .description('Shows one stored message whole.')
    .action(runCommand(showStored));
  return new Command('store').description('Message stores of users').addCommand(list).addCommand(show);
}

function wholeNumberUpTo(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < 1 || value > most) throw new InvalidArgumentError(`It is a number from 1 to ${most}.`);
    return value;
  };
}

const listOptions = z.object({ limit: z.number() });

async function listStore(run: CommandRun, user = ''): Promise<Outcome<void>> {
  const { limit } = listOptions.parse(run.options);
  const stored = await withAdministration(run, async ({ administration }) =>
    outcomeOf(await administration.messageStore.list(user, limit)),
  );
  if (stored.kind === 'failed') return stored;
  if (stored.value.length === 0) run.output.say('The store is empty.');
  else run.output.say(columns([['UID', 'STORED', 'WAY', 'OCTETS', 'FOLDER'], ...stored.value.map(storedRow)]));
  if (stored.value.length === limit) run.output.say(`There may be more (--limit ${limit}).`);
  for (const message of stored.value) run.output.record(message);
  return done(undefined);
}

function storedRow({ uid, storedAt, direction, sizeOctets, folder }: StoredMessageSummary): readonly string[] {
  return [String(uid), storedAt, direction, String(sizeOctets), folder].map(printable);
}

async function showStored(run: CommandRun, user = '', uid = ''): Promise<Outcome<void>> {
  const stored = await withAdministration(run, async ({ administration }) =>
    outcomeOf(await administration.messageStore.show(user, Number(uid))),
  );
  if (stored.kind === 'failed') return stored;
  run.output.report(stored.value, messageText(stored.value));
  return done(undefined);
}

function messageText({ text, ...summary }: StoredMessage): string {
  return `${columns([storedRow(summary)])}\n\n${printable(text.replaceAll('\r\n', '\n'))}`;
}
