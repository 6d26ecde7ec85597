import type { Binding } from '../../common/binding.ts';
import type { MessageUriId, UserId } from '../../common/identifiers.ts';
import { requestedInstance } from '../../common/service-tags.ts';
import { doNotDisturb } from '../../preferences/preferences.ts';
import { suitableClients } from '../terminating/suitable-clients.ts';
import type { TerminatingContext } from '../terminating/terminating-message.ts';
import type { QueuedDelivery, QueueEntry } from './deferred-message.ts';
import { sendPagerModeDeferredMessage } from './send-pager-mode-deferred-message.ts';

/** How many rows one read of the queue brings into memory. */
const pageSize = 50;

/**
 * Pushing Deferred CPM Messages (B 8.3.1.6.2) to one client that just registered, in the order of their arrival, at
 * most `pushInFlightPerClient` under way. Ends when the queue is done or the client does not answer.
 */
export async function pushDeferredMessages(owner: UserId, client: Binding, context: TerminatingContext): Promise<void> {
  const { ports } = context;
  // B-8.3.1.6.2-01, -04: not while the user does not want to be disturbed.
  if (doNotDisturb(await ports.preferences.of(owner), ports.clock.now())) return;
  let after: MessageUriId | undefined;
  for (;;) {
    const now = ports.clock.now();
    const page = await ports.deferredQueue.waiting(owner, {
      client: client.client,
      now,
      limit: pageSize,
      ...(after === undefined ? {} : { after }),
    });
    if ('kind' in page) return ports.diagnostics.fault('read the deferred messages', page.reason);
    if (page.length === 0 || !(await pushPage(page, client, context))) return;
    after = page[page.length - 1]?.id;
  }
}

/** False when the client fell silent: the rest waits for its next registration. */
async function pushPage(page: readonly QueuedDelivery[], client: Binding, context: TerminatingContext): Promise<boolean> {
  const waiting = page.filter((entry) => maySend(entry, client, context));
  let silent = false;
  let next = 0;
  const lane = async () => {
    while (!silent) {
      const entry = waiting[next++];
      if (entry === undefined) return;
      if ((await sendPagerModeDeferredMessage(entry, client, context)) === 'silent') silent = true;
    }
  };
  await Promise.all(Array.from({ length: context.policy.pushInFlightPerClient }, lane));
  return !silent;
}

/** B-8.3.1.6.2-05: the client must want the message as it was sent, whatever tag `deferred` it has, and not be getting it already. */
function maySend(entry: QueueEntry, client: Binding, context: TerminatingContext): boolean {
  if (context.ports.pushes.holds(entry.id, client)) return false;
  const bindings = context.ports.registrations.of(entry.owner);
  // Decision 46: a notification is for the device that it names, while that is there.
  const message = { kind: entry.kind, device: requestedInstance(entry.request.headers) };
  const candidates = suitableClients(bindings, message, context.policy, context.ports.clock.now());
  return candidates.some((candidate) => candidate.client === client.client);
}
