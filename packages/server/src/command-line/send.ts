import type { CpmClient, ReceivedDisposition, SendOutcome } from '@opencpm/client';
import { Command } from 'commander';
import { z } from 'zod';

import { addressProblem } from '../configuration/uri-settings.ts';
import { type Account, findAccount, passwordVariable } from './account.ts';
import { Arrivals } from './arrivals.ts';
import { destination } from './destination.ts';
import { done, exitCodes, failed, type Outcome } from './outcome.ts';
import { type Output, printable } from './output.ts';
import { openClient, registrationFailure, sendFailure } from './own-client.ts';
import type { RunCommand } from './run-command.ts';
import { secondsOption } from './seconds.ts';
import type { CommandRun } from './surroundings.ts';

/** How long `send` stays to show that the message was delivered and displayed. */
const defaultWaitSeconds = 5;

export function sendCommand(runCommand: RunCommand): Command {
  return new Command('send')
    .summary('send a text and show what becomes of it')
    .argument('<to>', 'a user name, a sip or tel URI, or a number such as +15550001')
    .argument('<text>', 'the message')
    .requiredOption('--as <user>', 'who sends: a user name or one of his identities')
    .option('--password <password>', `his password (or ${passwordVariable}); not needed beside the running server`)
    .option('--server <address>', 'another server than the configured one, such as udp://192.0.2.7:5060')
    .option('--wait <seconds>', 'how long to wait for notifications (default: 5; 0 asks for none)', secondsOption)
    .option('--expires <duration>', 'how long it may be kept for a recipient who is away, such as 1h', secondsOption)
    .option('--anonymous', 'do not show who sends')
    .option('--reply-to <uri>', 'where answers shall go')
    .description(
      'Sends a text and shows what becomes of it: delivered, displayed. A message that is kept for a recipient who is ' +
        'away ends the command at once, unless --wait is given.',
    )
    .addHelpText(
      'after',
      "\nExamples:\n  opencpm send --as alice bob 'hello'\n  opencpm send --as alice +15550002 'call me' --expires 1h --wait 60",
    )
    .action(runCommand(send));
}

const sendOptions = z.object({
  as: z.string(),
  password: z.string().optional(),
  server: z.string().optional(),
  wait: z.number().optional(),
  expires: z.number().optional(),
  anonymous: z.boolean().default(false),
  replyTo: z.string().optional(),
});

type SendingOptions = z.output<typeof sendOptions>;

interface Letter {
  readonly to: string;
  readonly text: string;
  readonly options: SendingOptions;
}

async function send(run: CommandRun, to = '', text = ''): Promise<Outcome<void>> {
  const options = sendOptions.parse(run.options);
  const account = await findAccount(run, options);
  if (account.kind === 'failed') return account;
  const recipient = destination(to, account.value.domain);
  if (recipient.kind === 'failed') return recipient;
  const problem = options.replyTo === undefined ? undefined : addressProblem(options.replyTo);
  if (problem !== undefined) return failed(exitCodes.usage, `--reply-to ${options.replyTo}: ${problem}`);
  return sendAs(run, account.value, { to: recipient.value, text, options });
}

/**
 * Notifications come to a registered client only, so we register when we wait for them. What others send meanwhile is
 * for the user's other clients: we do not take it.
 */
async function sendAs(run: CommandRun, account: Account, letter: Letter): Promise<Outcome<void>> {
  const dispositions = new Arrivals<ReceivedDisposition>();
  const waits = letter.options.wait !== 0;
  const client = await openClient('send', account, {
    message: () => 'reject',
    disposition: (disposition) => dispositions.push(disposition),
  });
  try {
    const failure = waits ? registrationFailure(await client.register(), account) : undefined;
    if (failure !== undefined) return failure;
    return await sendLetter(run, client, account, { letter, dispositions });
  } finally {
    if (waits) await client.deregister();
    await client.close();
  }
}

interface Sending {
  readonly letter: Letter;
  readonly dispositions: Arrivals<ReceivedDisposition>;
}

async function sendLetter(run: CommandRun, client: CpmClient, account: Account, { letter, dispositions }: Sending): Promise<Outcome<void>> {
  const { wait, expires, anonymous, replyTo } = letter.options;
  const outcome = await client.send(letter.to, letter.text, {
    anonymous,
    signal: run.surroundings.interrupted,
    ...(expires === undefined ? {} : { expiresSeconds: Math.ceil(expires) }),
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(wait === 0 ? { notifications: [] } : {}),
  });
  const failure = sendFailure(outcome, account);
  if (failure !== undefined || outcome.kind !== 'accepted') return failure ?? done(undefined);
  reportAccepted(run.output, outcome, letter);
  const waitSeconds = wait ?? (outcome.deferred ? 0 : defaultWaitSeconds);
  const until = AbortSignal.any([run.surroundings.interrupted, AbortSignal.timeout(waitSeconds * 1000)]);
  return followUp(run.output, { messageId: outcome.messageId, dispositions, until });
}

function reportAccepted(output: Output, outcome: SendOutcome & { kind: 'accepted' }, letter: Letter): void {
  const { kind: _kind, ...ids } = outcome;
  const text = outcome.deferred ? `kept for ${letter.to} until he comes (${outcome.status})` : `sent to ${letter.to} (${outcome.status})`;
  output.report({ event: 'accepted', to: letter.to, ...ids }, printable(text));
}

interface Waiting {
  readonly messageId: string;
  readonly dispositions: Arrivals<ReceivedDisposition>;
  readonly until: AbortSignal;
}

/** Shows each notification as it comes, until the message is displayed, has failed, or the time is over. */
async function followUp(output: Output, { messageId, dispositions, until }: Waiting): Promise<Outcome<void>> {
  for (;;) {
    const disposition = await dispositions.next(until);
    if (disposition === undefined) return done(undefined);
    if (disposition.messageId !== messageId) continue;
    const { kind, status } = disposition.notification;
    output.report(
      { event: 'notification', messageId, from: disposition.from, kind, status },
      printable(`${status} by ${disposition.from}`),
    );
    if (kind === 'display') return done(undefined);
    if (kind === 'delivery' && status !== 'delivered') return failed(exitCodes.refused, `Not delivered: ${printable(status)}`);
  }
}
