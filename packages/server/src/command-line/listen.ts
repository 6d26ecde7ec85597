import type { CpmClient, ReceivedMessage } from '@opencpm/client';
import { Command } from 'commander';
import { z } from 'zod';

import { type Account, findAccount, passwordVariable } from './account.ts';
import { Arrivals } from './arrivals.ts';
import { done, type Outcome } from './outcome.ts';
import { type Output, printable } from './output.ts';
import { openClient, registrationFailure } from './own-client.ts';
import type { RunCommand } from './run-command.ts';
import { countOption, secondsOption } from './seconds.ts';
import type { CommandRun } from './surroundings.ts';

export function listenCommand(runCommand: RunCommand): Command {
  return new Command('listen')
    .summary('register and show what comes')
    .requiredOption('--as <user>', 'who listens: a user name or one of his identities')
    .option('--password <password>', `his password (or ${passwordVariable}); not needed beside the running server`)
    .option('--server <address>', 'another server than the configured one, such as udp://192.0.2.7:5060')
    .option('--count <messages>', 'end after so many messages', countOption)
    .option('--for <seconds>', 'end after this time', secondsOption)
    .option('--no-display', 'tell senders that their messages were delivered, not that they were displayed')
    .description(
      'Registers and shows each message as it comes, also those that waited. Its sender is told that it was delivered\n' +
        'and displayed when he has asked for that. Ends with Ctrl-C, after --count messages or after --for seconds, and\n' +
        'de-registers then.',
    )
    .addHelpText('after', '\nExamples:\n  opencpm listen --as bob\n  opencpm --json listen --as bob --count 1 --for 60')
    .action(runCommand(listen));
}

const listenOptions = z.object({
  as: z.string(),
  password: z.string().optional(),
  server: z.string().optional(),
  count: z.number().optional(),
  for: z.number().optional(),
  display: z.boolean().default(true),
});

type ListeningOptions = z.output<typeof listenOptions>;

async function listen(run: CommandRun): Promise<Outcome<void>> {
  const options = listenOptions.parse(run.options);
  const account = await findAccount(run, options);
  if (account.kind === 'failed') return account;
  const messages = new Arrivals<ReceivedMessage>();
  const client = await openClient('listen', account.value, { message: (message) => messages.push(message) });
  try {
    const failure = registrationFailure(await client.register(), account.value);
    if (failure !== undefined) return failure;
    announce(run.output, account.value);
    await showMessages(run, client, options, messages);
    await client.deregister();
    return done(undefined);
  } finally {
    await client.close();
  }
}

function announce(output: Output, account: Account): void {
  output.report({ event: 'registered', identity: account.identity }, `Listening as ${account.identity}; Ctrl-C ends.`);
}

async function showMessages(
  run: CommandRun,
  client: CpmClient,
  options: ListeningOptions,
  messages: Arrivals<ReceivedMessage>,
): Promise<void> {
  const { interrupted } = run.surroundings;
  const until = options.for === undefined ? interrupted : AbortSignal.any([interrupted, AbortSignal.timeout(options.for * 1000)]);
  for (let shown = 0; shown < (options.count ?? Number.POSITIVE_INFINITY); shown++) {
    const message = await messages.next(until);
    if (message === undefined) return;
    show(run.output, message);
    await notify(run.output, client, message, options.display);
  }
}

function show(output: Output, message: ReceivedMessage): void {
  const { from, anonymous, displayName, text, content, conversationId, contributionId, messageId, messageUid, deferred, replyTo } = message;
  const at = new Date();
  const record = { event: 'message', at: at.toISOString(), from, anonymous, displayName, text, contentType: content.contentType };
  const ids = { conversationId, contributionId, messageId, messageUid, deferred, replyTo, externalUrl: content.externalUrl };
  const sender = anonymous ? 'anonymous' : from;
  output.report({ ...record, ...ids }, `${clockTime(at)} ${printable(sender)}: ${printable(shownContent(message))}`);
}

/** A text as it is; of other content, what it is. What lies outside is named and never fetched. */
function shownContent({ text, content }: ReceivedMessage): string {
  if (content.externalUrl !== undefined) return `[${content.contentType} at ${content.externalUrl}]`;
  return text ?? `[${content.contentType}, ${content.octets.length} octets]`;
}

function clockTime(at: Date): string {
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** A notification that does not get through is told, and harms nothing else. */
async function notify(output: Output, client: CpmClient, message: ReceivedMessage, display: boolean): Promise<void> {
  const wanted = message.requestedNotifications;
  const delivered = wanted.has('positive-delivery') ? await client.notifyDelivered(message) : undefined;
  const displayed = display && wanted.has('display') ? await client.notifyDisplayed(message) : undefined;
  for (const outcome of [delivered, displayed]) {
    if (outcome !== undefined && outcome.kind !== 'accepted') output.complain(`A notification was not taken: ${outcomeReason(outcome)}`);
  }
}

function outcomeReason(outcome: Exclude<Awaited<ReturnType<CpmClient['notifyDisplayed']>>, { kind: 'accepted' }>): string {
  return outcome.kind === 'too-large' ? `${outcome.sizeOctets} octets are too many` : outcome.reason;
}
