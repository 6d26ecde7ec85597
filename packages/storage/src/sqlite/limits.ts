import { ADMISSION_LIMITS, type AdmissionLimits } from '../admission.ts';

/** What bounds the SQLite engine. */
export interface SqliteLimits extends AdmissionLimits {
  /** Statements that one transaction of several batches takes; a larger batch gets a transaction of its own. */
  readonly groupStatements: number;
  /** Prepared statements that are kept. */
  readonly preparedStatements: number;
  /** Memory for pages of the database, in octets; what the system itself caches of the file comes back nearly as fast. */
  readonly cacheBytes: number;
  /** Memory for pages that a transaction has changed, in octets; what it changes beyond goes to the log before its COMMIT, perhaps more than once. */
  readonly changedBytes: number;
  /**
   * How long the log grows before what it holds is brought into the file, in octets: pages that are written again and
   * again go there once, and a start after a crash reads so much.
   */
  readonly logBytes: number;
  /**
   * How much is acknowledged that is in the redo log and not committed in SQLite yet, in octets: the more, the fewer pages
   * are written for each message; a start after a crash runs so much again.
   */
  readonly redoBytes: number;
  /** For so long there was nothing to do when what the redo log holds is committed all the same, in milliseconds. */
  readonly settleMilliseconds: number;
  /** How long opening waits for a process that is just letting go of the file, in milliseconds. */
  readonly lockWaitMilliseconds: number;
  /** How far the database file may grow, in octets. */
  readonly fileBytes: number;
}

export const SQLITE_LIMITS: SqliteLimits = {
  ...ADMISSION_LIMITS,
  groupStatements: 1_000,
  preparedStatements: 256,
  cacheBytes: 1024 * 1024,
  changedBytes: 4 * 1024 * 1024,
  logBytes: 16 * 1024 * 1024,
  redoBytes: 1024 * 1024,
  settleMilliseconds: 50,
  lockWaitMilliseconds: 1_000,
  fileBytes: 1024 * 1024 * 1024 * 1024,
};
