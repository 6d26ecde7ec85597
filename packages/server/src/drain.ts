import { Headers, responseTo, type ServerTransaction } from '@opencpm/sip';
import type { OutboxSender } from './adapters/outbox-sender.ts';
import type { RunningPushes } from './adapters/pushes.ts';
import type { Log, ServerPlatform } from './platform.ts';

/** How often a server that drains looks whether it is done. Milliseconds. */
const lookMilliseconds = 20;

export interface Drained {
  readonly clock: ServerPlatform['clock'];
  readonly log: Log;
  readonly endpoint: { readonly load: { readonly openTransactions: number } };
  readonly measures: { readonly pendingCommits: number };
  readonly functions: { readonly pushes: RunningPushes; readonly outbox: OutboxSender };
}

/**
 * Finishes what is under way while new requests are refused already: each request that was taken gets the answer that
 * it would have got, pushes and owed requests that went out get theirs, commits become durable. Resolves when that is
 * so or the time is over; what is left then is in the database or was never answered.
 */
export async function drain({ clock, log, endpoint, measures, functions }: Drained, milliseconds: number): Promise<void> {
  const { pushes, outbox } = functions;
  const deadline = clock.now() + milliseconds;
  pushes.stop();
  outbox.stop();
  let sending = true;
  const idle = Promise.all([pushes.idle(milliseconds), outbox.idle()]).then(() => {
    sending = false;
  });
  idle.catch((error: unknown) => log.error({ where: 'drain', reason: String(error) }, 'What was under way ended with a fault.'));
  const isUnderWay = () => endpoint.load.openTransactions > 0 || measures.pendingCommits > 0 || sending;
  // Whatever has nothing to wait for says so first.
  await Promise.race([idle, pause(clock, 0)]);
  while (isUnderWay() && clock.now() < deadline) await pause(clock, Math.min(lookMilliseconds, deadline - clock.now()));
  const { openTransactions } = endpoint.load;
  if (isUnderWay()) log.warn({ openTransactions, sending }, 'The server stops although something is still under way.');
}

/** 503 with Retry-After (RFC 3261 §21.5.4): a peer that knows another server goes there, the others come again. */
export function refuseForNow(transaction: ServerTransaction, retryAfterSeconds: number, newTag: () => string): void {
  const headers = Headers.of(['Retry-After', String(Math.max(1, Math.ceil(retryAfterSeconds)))]);
  transaction.respond(responseTo(transaction.request, 503, { headers, toTag: newTag() }));
}

function pause(clock: ServerPlatform['clock'], milliseconds: number): Promise<void> {
  return new Promise((resolve) => void clock.wakeAt(clock.now() + milliseconds, resolve));
}
