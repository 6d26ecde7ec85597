import { type OwedRequest, type QueueFault, userId } from '@opencpm/cpm';
import type { Database, Row, Statement } from '../database.ts';
import { faultOf, queueFault } from './fault.ts';
import { keepNewest } from './newest.ts';
import { numberOf, octetsOf, textOf } from './row.ts';
import { requestFromOctets, requestToOctets } from './stored-request.ts';

/** A row of the outbox: a request that is owed, when it is tried next and how often it was. */
export interface OutboxRow extends OwedRequest {
  readonly dueAt: number;
  readonly attempts: number;
}

/** What must still be sent because of something that was committed; replayed after a crash. */
export class OutboxRows {
  readonly #database: Database;

  readonly #perUser: number;

  /** `perUser`: how many requests may be owed in the name of one user; the oldest are forgotten. */
  constructor(database: Database, perUser = 10_000) {
    this.#database = database;
    this.#perUser = perUser;
  }

  async insert(owed: OwedRequest): Promise<QueueFault | undefined> {
    return faultOf(await this.#database.commit([insertOwed(owed)]));
  }

  async due(now: number, limit: number): Promise<readonly OutboxRow[] | QueueFault> {
    const result = await this.#database.query({
      sql: 'SELECT * FROM outbox WHERE due_at <= ? ORDER BY due_at LIMIT ?',
      parameters: [now, limit],
    });
    return result.kind === 'fault' ? queueFault(result) : result.rows.map(rowOf);
  }

  async nextDue(): Promise<number | undefined | QueueFault> {
    const result = await this.#database.query({ sql: 'SELECT MIN(due_at) AS next FROM outbox', parameters: [] });
    if (result.kind === 'fault') return queueFault(result);
    const row = result.rows[0];
    return row === undefined || row.next === null ? undefined : numberOf(row, 'next');
  }

  /** Puts it off until that time unless somebody else has done so since it was read; who gets true sends it. */
  async claim({ owner, id, dueAt, attempts }: OutboxRow, until: number): Promise<boolean | QueueFault> {
    const sql = 'UPDATE outbox SET due_at = ? WHERE owner = ? AND id = ? AND due_at = ? AND attempts = ?';
    const result = await this.#database.commit([{ sql, parameters: [until, owner, id, dueAt, attempts], expectRows: 1 }]);
    return result.kind === 'fault' ? queueFault(result) : result.kind === 'committed';
  }

  async remove(row: OwedRequest): Promise<QueueFault | undefined> {
    return faultOf(
      await this.#database.commit([{ sql: 'DELETE FROM outbox WHERE owner = ? AND id = ?', parameters: [row.owner, row.id] }]),
    );
  }

  async retryAt(row: OwedRequest, dueAt: number): Promise<QueueFault | undefined> {
    const sql = 'UPDATE outbox SET due_at = ?, attempts = attempts + 1 WHERE owner = ? AND id = ?';
    // What piles up is what cannot be sent now, so here is where it is bounded.
    const trimming = keepNewest('outbox', row.owner, this.#perUser);
    return faultOf(await this.#database.commit([{ sql, parameters: [dueAt, row.owner, row.id] }, trimming]));
  }

  async count(): Promise<number | QueueFault> {
    const result = await this.#database.query({ sql: 'SELECT COUNT(*) AS rows FROM outbox', parameters: [] });
    return result.kind === 'fault' ? queueFault(result) : Number(result.rows[0]?.rows ?? 0);
  }
}

/** Owed twice is owed once: the id says what is owed. */
export function insertOwed(owed: OwedRequest): Statement {
  return {
    sql: 'INSERT INTO outbox (owner, id, request, due_at, expires_at, attempts) VALUES (?, ?, ?, 0, ?, 0) ON CONFLICT (owner, id) DO NOTHING',
    parameters: [owed.owner, owed.id, requestToOctets(owed.request), owed.expiresAt],
  };
}

function rowOf(row: Row): OutboxRow {
  return {
    owner: userId(textOf(row, 'owner')),
    id: textOf(row, 'id'),
    request: requestFromOctets(octetsOf(row, 'request')),
    dueAt: numberOf(row, 'due_at'),
    expiresAt: numberOf(row, 'expires_at'),
    attempts: numberOf(row, 'attempts'),
  };
}
