import { setTimeout } from 'node:timers/promises';

import type { CpmClient, ReceivedDisposition, ReceivedMessage, RegistrationState } from '@opencpm/client';
import { Command } from 'commander';
import { z } from 'zod';

import { type Account, findAccount, passwordVariable } from './account.ts';
import { Arrivals } from './arrivals.ts';
import { done, exitCodes, failed, type Outcome } from './outcome.ts';
import { type Output, printable } from './output.ts';
import { openClient, registrationFailure } from './own-client.ts';
import type { RunCommand } from './run-command.ts';
import { countOption, secondsOption } from './seconds.ts';
import type { CommandRun } from './surroundings.ts';

/** How long the end waits for notifications that are under way: the first four retransmissions (RFC 3261 §17.1.2.2). */
const notifyingGraceMilliseconds = 8000;

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
      'Registers and shows each message as it comes, also those that waited. Its sender is told that it was delivered ' +
        'and displayed when he has asked for that; what comes of the user’s own messages is shown too. Ends with Ctrl-C, after --count messages or after --for seconds, and ' +
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
  const lost = new AbortController();
  const client = await openClient('listen', account.value, {
    message: (message) => messages.push(message),
    disposition: (disposition) => showDisposition(run.output, disposition),
    registration: (state) => registrationChanged(run.output, state, lost),
  });
  try {
    const failure = registrationFailure(await client.register(), account.value);
    if (failure !== undefined) return failure;
    announce(run.output, account.value);
    await showMessages({ run, client, options, messages, lost: lost.signal });
    if (lost.signal.aborted) return failed(exitCodes.fault, `The registration is lost: ${lost.signal.reason}`);
    await client.deregister();
    return done(undefined);
  } finally {
    await client.close();
  }
}

/** A registration that is lost for good ends the listening; of one that is tried again people are told. */
function registrationChanged(output: Output, state: RegistrationState, lost: AbortController): void {
  if (state.kind !== 'lost') return;
  if (state.retryInMilliseconds === undefined) lost.abort(state.reason);
  else output.complain(`Not registered for the moment (${state.reason}); tried again in ${Math.ceil(state.retryInMilliseconds / 1000)} s.`);
}

function announce(output: Output, account: Account): void {
  output.report({ event: 'registered', identity: account.identity }, `Listening as ${account.identity}; Ctrl-C ends.`);
}

interface Listening {
  readonly run: CommandRun;
  readonly client: CpmClient;
  readonly options: ListeningOptions;
  readonly messages: Arrivals<ReceivedMessage>;
  readonly lost: AbortSignal;
}

/** A slow answer to a notification does not hold up the next message; at the end all are waited for, but not for long. */
async function showMessages({ run, client, options, messages, lost }: Listening): Promise<void> {
  const ends = [run.surroundings.interrupted, lost, ...(options.for === undefined ? [] : [AbortSignal.timeout(options.for * 1000)])];
  const until = AbortSignal.any(ends);
  const notifying = new Set<Promise<void>>();
  for (let shown = 0; shown < (options.count ?? Number.POSITIVE_INFINITY); shown++) {
    const message = await messages.next(until);
    if (message === undefined) break;
    show(run.output, message);
    const notified = notify(run.output, client, message, options.display).finally(() => notifying.delete(notified));
    notifying.add(notified);
  }
  await Promise.race([Promise.all(notifying), setTimeout(notifyingGraceMilliseconds, undefined, { ref: false })]);
}

function show(output: Output, message: ReceivedMessage): void {
  const { from, anonymous, displayName, text, content, conversationId, contributionId, messageId, messageUid, deferred, replyTo } = message;
  const at = new Date();
  const record = { event: 'message', at: at.toISOString(), from, anonymous, displayName, text, contentType: content.contentType };
  const ids = { conversationId, contributionId, messageId, messageUid, deferred, replyTo, externalUrl: content.externalUrl };
  const sender = anonymous ? 'anonymous' : from;
  output.report({ ...record, ...ids }, `${clockTime(at)} ${printable(sender)}: ${printable(shownContent(message))}`);
}

/** What became of a message that this user sent before, from here or elsewhere. */
function showDisposition(output: Output, { messageId, from, notification: { kind, status } }: ReceivedDisposition): void {
  const text = `${clockTime(new Date())} ${printable(from)}: ${printable(status)} (message ${printable(messageId)})`;
  output.report({ event: 'notification', messageId, from, kind, status }, text);
}

/** A text as it is; of other content, what it is. What lies outside is named and never fetched. */
function shownContent({ text, content }: ReceivedMessage): string {
  if (content.externalUrl !== undefined) return `[${content.contentType} at ${content.externalUrl}]`;
  return text ?? `[${content.contentType}, ${content.octets.length} octets]`;
}

function clockTime(at: Date): string {
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** Delivered first, then displayed. A notification that does not get through is told, and harms nothing else. */
async function notify(output: Output, client: CpmClient, message: ReceivedMessage, display: boolean): Promise<void> {
  const outcomes = [await client.notifyDelivered(message), ...(display ? [await client.notifyDisplayed(message)] : [])];
  for (const outcome of outcomes) {
    if (outcome.kind === 'accepted' || outcome.kind === 'not-requested') continue;
    const reason = outcome.kind === 'too-large' ? `${outcome.sizeOctets} octets are too many` : outcome.reason;
    output.complain(`A notification was not taken: ${reason}`);
  }
}
