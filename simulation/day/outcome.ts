import { createHash } from 'node:crypto';
import { violationsOf } from './checkers/index.ts';
import type { DayPlan } from './plan.ts';
import type { DayRecord, Violation } from './record.ts';
import { runDay, type Spoil } from './run-day.ts';

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
  readonly lost: number;
}

export async function outcomeOf(plan: DayPlan, spoil?: Spoil): Promise<DayOutcome> {
  const record = await runDay(plan, spoil);
  return { seed: plan.seed, violations: violationsOf(record), digest: digestOf(record), figures: figuresOf(record) };
}

export const noFigures: DayFigures = { messages: 0, accepted: 0, shown: 0, notifications: 0, crashes: 0, datagrams: 0, lost: 0 };

export function sumOf(first: DayFigures, second: DayFigures): DayFigures {
  return {
    messages: first.messages + second.messages,
    accepted: first.accepted + second.accepted,
    shown: first.shown + second.shown,
    notifications: first.notifications + second.notifications,
    crashes: first.crashes + second.crashes,
    datagrams: first.datagrams + second.datagrams,
    lost: first.lost + second.lost,
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
    datagrams: wire.entries.length,
    lost: wire.entries.filter(({ fate }) => fate === 'lost').length,
  };
}
