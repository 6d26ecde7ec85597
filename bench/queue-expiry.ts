import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { AdministrationSocket } from '../force/administration.ts';
import type { ServerProcess } from '../interop/surroundings/server-process.ts';
import { Arrivals } from './queue-arrivals.ts';
import type { QueueClients } from './queue-clients.ts';
import { type Deliveries, type RelaySpread, relaysBetween, rounded } from './queue-figures.ts';
import type { QueuePlan } from './queue-plan.ts';
import { forgetPeak, peakOf } from './queue-process.ts';
import { SteadyRelays } from './queue-relays.ts';

/** Before the quiet time is measured: V8 compiles what runs often. */
const warmUpShare = 0.5;
const patienceMilliseconds = 900_000;
/** How often the server is asked what it holds; the answer costs it a look at every user's queue. */
const askMilliseconds = 1000;

export interface ExpiryFigures {
  readonly quiet: RelaySpread;
  readonly during: RelaySpread;
  /** Until the last message was gone, and until the last notification had come. */
  readonly seconds: number;
  readonly notifiedAfterSeconds: number;
  readonly notices: Deliveries;
  readonly peakMegabytes: number;
  readonly left: number;
}

export interface Expiry {
  readonly plan: QueuePlan;
  readonly server: ServerProcess;
  readonly folder: string;
  /** When they expire, milliseconds since the epoch. */
  readonly at: number;
}

/** How long before the expiry the server has to be there, in milliseconds. */
export function leadMilliseconds({ size: { seconds } }: QueuePlan): number {
  return seconds * (1 + warmUpShare) * 1000;
}

/** Users write to each other while nothing happens and while all that expires at once is handled. */
export async function expiryOf(clients: QueueClients, { plan, server, folder, at }: Expiry): Promise<ExpiryFigures> {
  const administration = new AdministrationSocket(join(folder, 'data', 'opencpm.sock'));
  const { deferred } = await administration.held();
  const notices = new Arrivals();
  clients.onNotification = (arrival) => notices.take(arrival);
  const relays = new SteadyRelays(clients, plan.present, plan.size.rate);
  await pause(plan.size.seconds * warmUpShare * 1000);
  const quietFrom = performance.now();
  await pause(Math.max(0, at - Date.now()));
  forgetPeak(server.pid);
  const began = performance.now();
  const left = deferred - plan.size.expiring;
  await untilGone(administration, left);
  const gone = performance.now();
  const expected = Math.ceil(plan.size.expiring / 2);
  await notices.complete(expected, patienceMilliseconds);
  const ended = Math.max(gone, notices.lastAt);
  const relayed = await relays.stop();
  return {
    quiet: relaysBetween(relayed, quietFrom, began),
    during: relaysBetween(relayed, began, ended),
    seconds: rounded((gone - began) / 1000),
    notifiedAfterSeconds: rounded((notices.lastAt - began) / 1000),
    notices: notices.deliveries(expected),
    peakMegabytes: peakOf(server.pid),
    left: (await administration.held()).deferred,
  };
}

async function untilGone(administration: AdministrationSocket, left: number): Promise<void> {
  const deadline = performance.now() + patienceMilliseconds;
  for (;;) {
    const { deferred, owed } = await administration.held();
    if (deferred <= left) return;
    if (performance.now() > deadline) throw new Error(`what expired is still there: ${deferred - left} messages, ${owed} owed`);
    await pause(askMilliseconds);
  }
}
