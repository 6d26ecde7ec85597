import { setTimeout as pause } from 'node:timers/promises';
import { Arrivals } from './queue-arrivals.ts';
import type { QueueClients } from './queue-clients.ts';
import { type Deliveries, type RelaySpread, relaysBetween, rounded, type Spread, spreadOf } from './queue-figures.ts';
import type { QueuePlan } from './queue-plan.ts';
import { forgetPeak, peakOf } from './queue-process.ts';
import { SteadyRelays } from './queue-relays.ts';

/** How long a storm may take until everybody has all that waited for him. */
const patienceMilliseconds = 300_000;

export interface StormFigures {
  /** From the first REGISTER to the last 200, and to the last message. */
  readonly registeredAfterSeconds: number;
  readonly deliveredAfterSeconds: number;
  /** Each client's own: from his first REGISTER to its 200, and from that to the first message that waited. */
  readonly registration: Spread;
  readonly firstPush: Spread;
  readonly deliveries: Deliveries;
  /** Sendings again, answers 503 to REGISTER, and REGISTERs without an answer. */
  readonly troubles: { readonly resent: number; readonly refused: number; readonly unanswered: number };
  readonly peakMegabytes: number;
  readonly relays: RelaySpread;
}

/** Everybody registers in one moment, as when a core has come back, and gets what waits for him; others go on writing. */
export async function stormOf(clients: QueueClients, plan: QueuePlan, pid: number): Promise<StormFigures> {
  const arrivals = new Arrivals();
  const users = new Set(plan.storm);
  clients.onMessage = (arrival) => {
    if (users.has(arrival.user)) arrivals.take(arrival);
  };
  const expected = plan.storm.reduce((sum, _, number) => sum + plan.waitingFor(number), 0);
  const before = { ...clients.troubles };
  const relays = new SteadyRelays(clients, plan.present, plan.size.rate);
  await pause(1000);
  forgetPeak(pid);
  const began = performance.now();
  const answeredAt = await Promise.all(plan.storm.map((user) => clients.register(user)));
  const registered = performance.now();
  await arrivals.complete(expected, patienceMilliseconds);
  const ended = performance.now();
  // What came twice would come now.
  await pause(1000);
  const relayed = await relays.stop();
  return {
    registeredAfterSeconds: rounded((registered - began) / 1000),
    deliveredAfterSeconds: rounded((ended - began) / 1000),
    registration: spreadOf(answeredAt.map((at) => at - began)),
    firstPush: spreadOf(firstPushes(plan, arrivals, answeredAt)),
    deliveries: arrivals.deliveries(expected),
    troubles: {
      resent: clients.troubles.resent - before.resent,
      refused: clients.troubles.refused - before.refused,
      unanswered: clients.troubles.unanswered - before.unanswered,
    },
    peakMegabytes: peakOf(pid),
    relays: relaysBetween(relayed, began, ended),
  };
}

/** Milliseconds from the 200 to the first message, of everybody for whom something waited. */
function firstPushes(plan: QueuePlan, arrivals: Arrivals, answeredAt: readonly number[]): readonly number[] {
  return plan.storm.flatMap((user, number) => {
    const [first, answered] = [arrivals.firstAt(user), answeredAt[number]];
    // The first message may be read before the 200 is.
    return first === undefined || answered === undefined ? [] : [Math.max(0, first - answered)];
  });
}
