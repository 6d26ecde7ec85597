import { ADMISSION_LIMITS, type AdmissionLimits } from '../admission.ts';

/** What bounds the PostgreSQL engine. */
export interface PostgresLimits extends AdmissionLimits {
  readonly connections: number;
  /** Translated statements that are kept, and so at most as many named statements in each connection. */
  readonly preparedStatements: number;
  /** How long a call waits for a connection, in milliseconds. */
  readonly connectMilliseconds: number;
  /** How long the server may work on one statement, and how long it may wait for a lock in it, in milliseconds. */
  readonly statementMilliseconds: number;
  /** How much longer than that an answer may take before the connection is given up, in milliseconds. */
  readonly answerMilliseconds: number;
}

export const POSTGRES_LIMITS: PostgresLimits = {
  ...ADMISSION_LIMITS,
  connections: 8,
  preparedStatements: 1_024,
  connectMilliseconds: 5_000,
  statementMilliseconds: 30_000,
  answerMilliseconds: 5_000,
};

/** One connection has the lock, and works for it on whole tables. */
export const EXCLUSIVE_LIMITS: Partial<PostgresLimits> = { connections: 1, statementMilliseconds: 600_000 };
