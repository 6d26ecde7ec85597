import { SeededRandom } from '@opencpm/testkit';
import type { ServerProcess } from '../interop/surroundings/server-process.ts';
import { comeToRest, faultsIn } from './come-to-rest.ts';
import { Journal } from './journal.ts';
import type { KillRun } from './kill-run.ts';
import { type Address, accounts, Traffic } from './traffic.ts';
import { type NodesUnderTest, startTwoNodes } from './two-nodes.ts';

export interface TwoNodeKillsOptions {
  /** Of the one node and the other in turn; whoever is killed is back before the other one goes. */
  readonly kills: number;
  readonly seed: string;
  /** Whether messages expire within the run, which several nodes let happen more than a minute after their time. */
  readonly expiring: boolean;
}

type Moment = { readonly kind: 'accepted' | 'push'; readonly count: number };

const policy = { answerWithin: '1s', pushRetryFirst: '1s', pushRetryMax: '3s' } as const;
const settleMilliseconds = 300_000;
/** What a kill waits for comes in this time, or it is as good as any other. */
const patienceMilliseconds = 8000;

/** Kills two nodes in turn while people write at both of them, lets all come to rest, and gives what everybody saw. */
export async function twoNodeKills(options: TwoNodeKillsOptions): Promise<KillRun> {
  const nodes = await startTwoNodes({ users: accounts, policy });
  try {
    return await runOn(nodes, options);
  } finally {
    await nodes.stop();
  }
}

async function runOn(nodes: NodesUnderTest, { kills, seed, expiring }: TwoNodeKillsOptions): Promise<KillRun> {
  const random = new SeededRandom(seed);
  const journal = new Journal();
  const homes = new Homes([nodes.a, nodes.b]);
  const traffic = await Traffic.open({ server: () => homes.next(), journal, random: random.fork('traffic'), expiring });
  try {
    const moments = await killInTurn({ nodes, journal, traffic }, drawMoments(kills, random.fork('kills')));
    const waiting = await comeToRest(traffic, nodes.administrationOf(nodes.a), settleMilliseconds);
    const faults = [...journal.faults, ...[nodes.a, nodes.b].flatMap(({ log }) => faultsIn(log))];
    return { ledger: journal.closed(waiting), moments, faults };
  } finally {
    traffic.close();
  }
}

/** Where each client sends: to its node, and once that is dead to the other one. */
class Homes {
  readonly #nodes: readonly [ServerProcess, ServerProcess];
  #given = 0;

  constructor(nodes: readonly [ServerProcess, ServerProcess]) {
    this.#nodes = nodes;
  }

  next(): Address {
    const [a, b] = this.#nodes;
    this.#given += 1;
    let home = this.#given % 2 === 0 ? a : b;
    return {
      host: home.host,
      get port() {
        if (!home.isRunning) home = home === a ? b : a;
        return home.port;
      },
    };
  }
}

function drawMoments(kills: number, random: SeededRandom): readonly Moment[] {
  return Array.from(
    { length: kills },
    (_, index): Moment => ({
      kind: index % 2 === 0 ? 'accepted' : 'push',
      count: random.between(5, 30),
    }),
  );
}

interface Parties {
  readonly nodes: NodesUnderTest;
  readonly journal: Journal;
  readonly traffic: Traffic;
}

async function killInTurn({ nodes, journal, traffic }: Parties, moments: readonly Moment[]): Promise<KillRun['moments']> {
  traffic.begin();
  for (const [index, moment] of moments.entries()) {
    const node = index % 2 === 0 ? nodes.b : nodes.a;
    await reached(moment, journal);
    journal.killed(`node ${index % 2 === 0 ? 'b' : 'a'} at ${moment.kind} number ${moment.count}`);
    await node.crash();
    // The other node carries on alone for a while, with the clients of the dead one.
    await reached({ kind: 'accepted', count: 10 }, journal);
    await node.start();
    journal.back();
  }
  return new Map([['any', moments.length]]);
}

function reached({ kind, count }: Moment, journal: Journal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let seen = 0;
  const see = (): void => {
    seen += 1;
    if (seen === count) end();
  };
  const patience = setTimeout(() => end(), patienceMilliseconds);
  const end = (): void => {
    journal.moments.off(kind, see);
    clearTimeout(patience);
    resolve();
  };
  journal.moments.on(kind, see);
  return promise;
}
