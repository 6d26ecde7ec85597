import type { MeasuredServer } from './measured-server.ts';
import { functions, type Measures, methods, outcomes } from './measures.ts';
import type { KeyOfType } from './metric-definitions.ts';
import type { Figures } from './queue-figures.ts';
import type { NameTally } from './tallies.ts';

/** One time series of a counter or gauge as it is now. */
export interface Sample {
  readonly labels: { readonly [label: string]: string };
  readonly value: number;
}

export type Samples = { readonly [Key in KeyOfType<'counter' | 'gauge'>]: readonly Sample[] };

/** All counters and gauges at one moment. What only the database knows is left out while it does not answer. */
export async function takeSamples(server: MeasuredServer): Promise<Samples> {
  const { measures } = server;
  return { ...countedSamples(measures), ...sipSamples(server), ...processSamples(server), ...(await storedSamples(server)) };
}

function countedSamples(measures: Measures) {
  return {
    messages: messageSamples(measures),
    requests: requestSamples(measures),
    dropped: byName('kind', measures.dropped),
    refused: byName('reason', measures.refused),
    malformed: single(measures.malformed),
    retransmissions: [
      { labels: { direction: 'received' }, value: measures.retransmissionsReceived },
      { labels: { direction: 'sent' }, value: measures.retransmissionsSent },
    ],
    strayResponses: single(measures.strayResponses),
    unanswered: single(measures.unanswered),
    undeliverable: single(measures.undeliverable),
    longDatagrams: single(measures.longDatagrams),
    pushes: byName('outcome', measures.pushes),
    commits: byName('result', measures.commits),
    pendingCommits: single(measures.pendingCommits),
    eventLoopDelay: single(measures.eventLoopDelayMilliseconds / 1000),
    records: byName('fate', measures.records),
    logLines: byName('level', measures.logLines),
  };
}

function messageSamples(measures: Measures): readonly Sample[] {
  const samples: Sample[] = [];
  measures.messages.each((row, status, value) => {
    const served = functions[Math.floor(row / outcomes.length)] ?? '';
    samples.push({ labels: { function: served, outcome: outcomes[row % outcomes.length] ?? '', status: String(status) }, value });
  });
  return samples;
}

function requestSamples(measures: Measures): readonly Sample[] {
  const samples: Sample[] = [];
  measures.requests.each((row, status, value) => samples.push({ labels: { method: methods[row] ?? '', status: String(status) }, value }));
  return samples;
}

function sipSamples({ endpoint, core, draining }: MeasuredServer) {
  const { serverTransactions, clientTransactions, openTransactions, connections } = endpoint.load;
  const { size, unreachable } = core.location;
  return {
    transactions: [
      { labels: { kind: 'server' }, value: serverTransactions },
      { labels: { kind: 'client' }, value: clientTransactions },
      { labels: { kind: 'open' }, value: openTransactions },
    ],
    connections: single(connections),
    users: single(core.directory.size),
    bindings: [
      { labels: { state: 'reachable' }, value: size - unreachable },
      { labels: { state: 'unreachable' }, value: unreachable },
    ],
    draining: single(draining() ? 1 : 0),
  };
}

function processSamples({ processFigures, startedAt, version, engine }: MeasuredServer) {
  const { cpuSeconds, residentBytes, heapBytes, externalBytes } = processFigures();
  return {
    cpu: single(cpuSeconds),
    resident: single(residentBytes),
    heap: single(heapBytes),
    external: single(externalBytes),
    started: single(startedAt / 1000),
    build: [{ labels: { version, engine }, value: 1 }],
  };
}

async function storedSamples({ queue, now }: MeasuredServer) {
  const { deferred, oldestArrival, owed } = await queue.figures();
  return {
    deferred: optional(deferred),
    deferredAge: optional(ageSeconds(oldestArrival, now())),
    outbox: optional(owed),
  };
}

function ageSeconds(arrival: Figures['oldestArrival'], now: number): number | undefined {
  if (arrival === undefined) return undefined;
  return arrival === 'none' ? 0 : (now - arrival) / 1000;
}

function single(value: number): readonly Sample[] {
  return [{ labels: {}, value }];
}

function optional(value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : single(value);
}

function byName(label: string, tally: NameTally<string>): readonly Sample[] {
  return Array.from(tally.entries, ([name, value]) => ({ labels: { [label]: name }, value }));
}
