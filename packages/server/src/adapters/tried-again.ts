import type { Clock, QueueFault } from '@opencpm/cpm';

/** Before each further try, milliseconds: a database that is busy or was lost for a moment is there again by then. */
const pauses = [300, 1000, 4000] as const;

/** The last outcome of a change, which is tried again while the database could not make it for now. */
export async function triedAgain<Outcome>(change: () => Promise<Outcome | QueueFault>, clock: Clock): Promise<Outcome | QueueFault> {
  let outcome = await change();
  for (const pause of pauses) {
    if (!isForNow(outcome)) return outcome;
    await clock.wait(clock.now() + pause).over;
    outcome = await change();
  }
  return outcome;
}

function isForNow(outcome: unknown): boolean {
  return typeof outcome === 'object' && outcome !== null && 'temporary' in outcome && outcome.temporary === true;
}
