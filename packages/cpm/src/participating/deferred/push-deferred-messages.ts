import { doNotDisturb } from '../../preferences/preferences.ts';
import type { TerminatingContext } from '../terminating/terminating-message.ts';
import { type Push, PushPass } from './push-pass.ts';

/** How often a client is looked at again whose user does not want to be disturbed. */
const undisturbedMilliseconds = 300_000;

/**
 * Pushing Deferred CPM Messages (B 8.3.1.6.2) to one client. Resolves when all that it is to get now has got its final
 * answer, or when the client falls silent, with the time at which something is due again (milliseconds since the epoch).
 */
export async function pushDeferredMessages(push: Omit<Push, 'preferences'>, context: TerminatingContext): Promise<number | undefined> {
  const { ports } = context;
  const now = ports.clock.now();
  // B-8.3.1.6.2-01, -03, -04: not while the user does not want to be disturbed.
  const preferences = await ports.preferences.of(push.owner);
  if (doNotDisturb(preferences, now)) return now + undisturbedMilliseconds;
  return new PushPass({ ...push, preferences }, context).run();
}
