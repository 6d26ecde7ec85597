import { Arrivals } from './queue-arrivals.ts';
import type { QueueClients } from './queue-clients.ts';
import { rounded, type Spread, spreadOf } from './queue-figures.ts';
import { messageText } from './queue-message.ts';
import { type QueuePlan, waitingPerComing } from './queue-plan.ts';
import { cpuMilliseconds } from './queue-process.ts';

const patienceMilliseconds = 30_000;
/** Of the messages for users who are away. */
const inFlight = 8;

/** What one user costs who comes and gets his messages, and one more message that waits. */
export interface ComingFigures {
  /** Of the server, for REGISTER with its challenge and ten pushes. */
  readonly cpuPerUser: number;
  /** From the 200 to the tenth message. */
  readonly pushed: Spread;
  readonly cpuPerDeferral: number;
}

/** One after the other, so that each has the server for himself; the first half is for V8 to compile. */
export async function comingCosts(clients: QueueClients, plan: QueuePlan, pid: number): Promise<ComingFigures> {
  const half = Math.floor(plan.coming.length / 2);
  await comeInTurn(clients, plan.coming.slice(0, half));
  const before = cpuMilliseconds(pid);
  const times = await comeInTurn(clients, plan.coming.slice(half));
  const cpu = cpuMilliseconds(pid) - before;
  for (const user of plan.coming) await clients.register(user, 0);
  const deferred = half * waitingPerComing;
  await defer(clients, plan, { from: 0, to: deferred });
  const beforeDeferral = cpuMilliseconds(pid);
  await defer(clients, plan, { from: deferred, to: 2 * deferred });
  return {
    cpuPerUser: rounded(cpu / times.length),
    pushed: spreadOf(times),
    cpuPerDeferral: rounded((cpuMilliseconds(pid) - beforeDeferral) / deferred),
  };
}

async function comeInTurn(clients: QueueClients, users: readonly string[]): Promise<readonly number[]> {
  const times: number[] = [];
  for (const user of users) {
    const arrivals = new Arrivals();
    clients.onMessage = (arrival) => arrivals.take(arrival);
    const answeredAt = await clients.register(user);
    await arrivals.complete(waitingPerComing, patienceMilliseconds);
    times.push(Math.max(0, arrivals.lastAt - answeredAt));
  }
  return times;
}

interface Numbers {
  readonly from: number;
  readonly to: number;
}

/** To users who are away, each another one. */
async function defer(clients: QueueClients, { away, present }: QueuePlan, { from, to }: Numbers): Promise<void> {
  const numbers = Array.from({ length: to - from }, (_, index) => from + index).values();
  const next = async (): Promise<void> => {
    for (const number of numbers) {
      const [sender, recipient] = [present[number % present.length] ?? '', away[(number * 7919) % away.length] ?? ''];
      const messageId = `d${String(number).padStart(8, '0')}`;
      const status = await clients.send(sender, recipient, messageText({ messageId, sender, recipient, negativeDelivery: true }));
      if (status !== 202) throw new Error(`a message to ${recipient} was answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, next));
}
