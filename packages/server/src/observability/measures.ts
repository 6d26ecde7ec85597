import type { OutcomeRecord, PushOutcome } from '@opencpm/cpm';
import type { Histogram as HistogramOf } from 'prom-client';
import type { EventLoopWindow, LoadGauges } from './load-gauges.ts';
import { type KeyOfType, metricDefinitions } from './metric-definitions.ts';
import { Histogram } from './prom-client.ts';
import { NameTally, StatusTally } from './tallies.ts';

/** Functions and outcomes in the order of their rows in the tally. */
export const functions = ['originating', 'terminating', 'deferred'] as const satisfies readonly OutcomeRecord['case'][];
export const outcomes = [
  'delivered',
  'deferred',
  'forwarded',
  'interworked',
  'stored',
  'duplicate',
  'refused',
  'pushed',
  'expired',
] as const satisfies readonly OutcomeRecord['outcome'][];

/** Methods that have a row of their own; a peer can invent any number of others, which share the last. */
export const methods = ['MESSAGE', 'REGISTER', 'OPTIONS', 'INVITE', 'BYE', 'SUBSCRIBE', 'NOTIFY', 'PUBLISH', 'REFER', 'other'] as const;

/** Why a request is turned away before any function sees it. */
export const refusalReasons = ['bad-request', 'method', 'no-transaction', 'too-large', 'version', 'limit', 'draining', 'overload'] as const;
export type RefusalReason = (typeof refusalReasons)[number];

const pushOutcomes = ['delivered', 'not-removed', 'refused', 'silent', 'gone'] as const satisfies readonly PushOutcome['kind'][];

/** Seconds: from a commit on a fast disk to one that an overloaded disk takes. */
const durationBounds = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
const batchBounds = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/**
 * What this process has counted since it started. The hot path increments; `metric-samples.ts` reads. Labels have
 * fixed rows, so that a count costs no allocation and no peer can make the tables grow. Commits and their like, which
 * cost a disk's time anyway, are observed by histograms of the library.
 */
export class Measures implements LoadGauges {
  readonly messages = new StatusTally(functions.length * outcomes.length);
  readonly requests = new StatusTally(methods.length);
  readonly refused = new NameTally<RefusalReason>(refusalReasons);
  readonly dropped = new NameTally<'malformed' | 'unauthenticated'>(['malformed', 'unauthenticated']);
  readonly pushes = new NameTally<PushOutcome['kind']>(pushOutcomes);
  readonly commits = new NameTally<'committed' | 'guard-failed' | 'fault'>(['committed', 'guard-failed', 'fault']);
  readonly records = new NameTally<'written' | 'lost'>(['written', 'lost']);
  readonly logLines = new NameTally<'error' | 'warn' | 'info' | 'debug'>(['error', 'warn', 'info', 'debug']);
  readonly distributions: { readonly [Key in KeyOfType<'histogram'>]: HistogramOf } = {
    commitDuration: histogram('commitDuration', durationBounds),
    writeDuration: histogram('writeDuration', durationBounds),
    writeBatches: histogram('writeBatches', batchBounds),
    eventLoopWorst: histogram('eventLoopWorst', durationBounds),
  };
  malformed = 0;
  retransmissionsReceived = 0;
  retransmissionsSent = 0;
  strayResponses = 0;
  unanswered = 0;
  undeliverable = 0;
  longDatagrams = 0;
  pendingCommits = 0;
  eventLoopDelayMilliseconds = 0;

  message({ case: served, outcome, status }: Pick<OutcomeRecord, 'case' | 'outcome' | 'status'>): void {
    this.messages.count(functionRow[served] * outcomes.length + outcomeRow[outcome], status);
  }

  request(method: string, status: number): void {
    this.requests.count(methodRow.get(method) ?? methods.length - 1, status);
  }

  eventLoop({ meanMilliseconds, worstMilliseconds }: EventLoopWindow): void {
    this.eventLoopDelayMilliseconds = meanMilliseconds;
    this.distributions.eventLoopWorst.observe(worstMilliseconds / 1000);
  }

  /** What the SQLite writer tells of one transaction. */
  groupWritten(batches: number, milliseconds: number): void {
    this.distributions.writeDuration.observe(milliseconds / 1000);
    this.distributions.writeBatches.observe(batches);
  }
}

/** In no registry until a scrape takes it into its own. */
function histogram(key: KeyOfType<'histogram'>, buckets: number[]): HistogramOf {
  const { name, help } = metricDefinitions[key];
  return new Histogram({ name, help, buckets, registers: [] });
}

const functionRow = { originating: 0, terminating: 1, deferred: 2 } as const satisfies Record<OutcomeRecord['case'], number>;

const outcomeRow = {
  delivered: 0,
  deferred: 1,
  forwarded: 2,
  interworked: 3,
  stored: 4,
  duplicate: 5,
  refused: 6,
  pushed: 7,
  expired: 8,
} as const satisfies Record<OutcomeRecord['outcome'], number>;

const methodRow: ReadonlyMap<string, number> = new Map(methods.map((method, row) => [method, row]));

/** Statuses with which the endpoint answers without a transaction. */
export function refusalReason(status: number): RefusalReason {
  switch (status) {
    case 405:
      return 'method';
    case 413:
    case 513:
      return 'too-large';
    case 481:
      return 'no-transaction';
    case 503:
      return 'limit';
    case 505:
      return 'version';
    default:
      return 'bad-request';
  }
}
