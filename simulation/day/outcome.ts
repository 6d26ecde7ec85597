import { createHash } from 'node:crypto';
import type { WireEvent } from '@opencpm/testkit';
import { violationsOf } from './checkers/index.ts';
import type { DayPlan } from './plan.ts';
import type { DayRecord, Violation } from './record.ts';
import { runDay, type Spoil } from './run-day.ts';
import { wayOf } from './wire-messages.ts';

/** What one day comes to. */
export interface DayOutcome {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** Of everything on the wire, octet by octet, and of what was shown: two runs were equal if theirs are. */
  readonly digest: string;
  readonly figures: DayFigures;
}

export interface DayFigures {
  readonly messages: number;
  readonly accepted: number;
  readonly shown: number;
  readonly notifications: number;
  readonly crashes: number;
  readonly datagrams: number;
  /** Datagrams that never came. */
  readonly lost: number;
  readonly segments: number;
  readonly connections: number;
  readonly resets: number;
  readonly halfOpen: number;
}

export async function outcomeOf(plan: DayPlan, spoil?: Spoil): Promise<DayOutcome> {
  const record = await runDay(plan, spoil);
  return { seed: plan.seed, violations: violationsOf(record), digest: digestOf(record), figures: figuresOf(record) };
}

export const noFigures: DayFigures = {
  ...{ messages: 0, accepted: 0, shown: 0, notifications: 0, crashes: 0 },
  ...{ datagrams: 0, lost: 0, segments: 0, connections: 0, resets: 0, halfOpen: 0 },
};

export function sumOf(first: DayFigures, second: DayFigures): DayFigures {
  return {
    messages: first.messages + second.messages,
    accepted: first.accepted + second.accepted,
    shown: first.shown + second.shown,
    notifications: first.notifications + second.notifications,
    crashes: first.crashes + second.crashes,
    datagrams: first.datagrams + second.datagrams,
    lost: first.lost + second.lost,
    segments: first.segments + second.segments,
    connections: first.connections + second.connections,
    resets: first.resets + second.resets,
    halfOpen: first.halfOpen + second.halfOpen,
  };
}

function digestOf({ wire, shown, told, end }: DayRecord): string {
  return createHash('sha256').update(wire.toText()).update(JSON.stringify({ shown, told, end })).digest('hex');
}

function figuresOf({ sent, shown, told, downs, wire }: DayRecord): DayFigures {
  return {
    messages: sent.length,
    accepted: sent.filter(({ tries }) => tries.some(({ status }) => status !== undefined && status < 300)).length,
    shown: shown.length,
    notifications: told.length,
    crashes: downs.length,
    ...trafficOf(wire),
  };
}

function trafficOf({ entries }: DayRecord['wire']) {
  const of = (event: WireEvent) => entries.filter((entry) => entry.event === event);
  const datagrams = of('datagram');
  return {
    datagrams: datagrams.length,
    lost: datagrams.filter(({ fate }) => fate !== 'sent' && fate !== 'doubled').length,
    segments: of('segment').length,
    connections: of('accepted').length,
    // Both ends of a connection are reset.
    resets: new Set(of('reset').map((entry) => [wayOf(entry), wayOf({ from: entry.to, to: entry.from })].sort().join())).size,
    halfOpen: of('forgotten').length,
  };
}
