import { type QueueFault, type UserId, userId } from '@opencpm/cpm';
import type { Database, Statement } from '../database.ts';
import { queueFault } from './fault.ts';
import { numberOf, textOf } from './row.ts';

/** A lease as somebody has it, or had it. */
export interface Lease {
  readonly name: string;
  /** Who has it: another one for each start of a process. Empty when it was taken over. */
  readonly holder: string;
  /** Grows with each new holder. */
  readonly token: number;
  readonly address: string;
  /** Milliseconds since the epoch by the database's clock. */
  readonly expiresAt: number;
  /** False when its time is over. */
  readonly isAlive: boolean;
}

export interface LeaseRequest {
  readonly name: string;
  readonly holder: string;
  readonly address: string;
  readonly milliseconds: number;
}

/** Milliseconds since the epoch by the one clock that all nodes share. PostgreSQL only, as are several nodes. */
const now = 'CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)';

const nodePrefix = 'node:';

/** The name of the lease of a node; that of an installation of one has the empty name. */
export function nodeLease(node: string): string {
  return `${nodePrefix}${node}`;
}

/** Holds while that one has the lease: for `guardedDatabase`. */
export function leaseGuard({ name, holder }: Pick<LeaseRequest, 'name' | 'holder'>, token: number): Statement {
  return {
    sql: `SELECT name FROM leases WHERE name = ? AND holder = ? AND token = ? AND expires_at > ${now}`,
    parameters: [name, holder, token],
    expectRows: 1,
  };
}

/** Who may act as a node or do what only one may do, with an expiry and a fencing token. */
export class Leases {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The token, or undefined while somebody else has it. `force`: it is known that the one who has it is gone. */
  async acquire({ name, holder, address, milliseconds }: LeaseRequest, force = false): Promise<number | undefined | QueueFault> {
    const result = await this.#database.commit([
      {
        sql: `INSERT INTO leases (name, holder, token, address, expires_at) VALUES (?, ?, 1, ?, ${now} + CAST(? AS BIGINT))
          ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, token = leases.token + 1, address = excluded.address,
          expires_at = excluded.expires_at WHERE leases.expires_at <= ${now} OR CAST(? AS BIGINT) = 1 RETURNING token`,
        parameters: [name, holder, address, milliseconds, force ? 1 : 0],
      },
    ]);
    if (result.kind === 'fault') return queueFault(result);
    const row = result.kind === 'committed' ? result.rows[0]?.[0] : undefined;
    return row === undefined ? undefined : numberOf(row, 'token');
  }

  /** False when it is somebody else's by now. */
  async renew({ name, holder, milliseconds }: LeaseRequest, token: number): Promise<boolean | QueueFault> {
    const sql = `UPDATE leases SET expires_at = ${now} + CAST(? AS BIGINT) WHERE name = ? AND holder = ? AND token = ?`;
    return this.#guarded([{ sql, parameters: [milliseconds, name, holder, token], expectRows: 1 }]);
  }

  /** Ends it before its time. */
  async release({ name, holder }: Pick<LeaseRequest, 'name' | 'holder'>): Promise<QueueFault | undefined> {
    const result = await this.#database.commit([
      { sql: 'UPDATE leases SET expires_at = 0 WHERE name = ? AND holder = ?', parameters: [name, holder] },
    ]);
    return result.kind === 'fault' ? queueFault(result) : undefined;
  }

  /** Those of all nodes that were ever there, with `name` as the node is called. */
  async nodes(): Promise<readonly Lease[] | QueueFault> {
    const result = await this.#database.query({
      sql: `SELECT name, holder, token, address, expires_at, CASE WHEN expires_at > ${now} THEN 1 ELSE 0 END AS alive FROM leases ORDER BY name`,
      parameters: [],
    });
    if (result.kind === 'fault') return queueFault(result);
    const leases = result.rows.map((row) => ({
      name: textOf(row, 'name'),
      holder: textOf(row, 'holder'),
      token: numberOf(row, 'token'),
      address: textOf(row, 'address'),
      expiresAt: numberOf(row, 'expires_at'),
      isAlive: numberOf(row, 'alive') === 1,
    }));
    return leases
      .filter(({ name }) => name.startsWith(nodePrefix))
      .map((lease) => ({ ...lease, name: lease.name.slice(nodePrefix.length) }));
  }

  /** How many bindings each node has that have not expired, by the name of the node. `at` in milliseconds since the epoch. */
  async bindingsHeld(at: number): Promise<ReadonlyMap<string, number> | QueueFault> {
    const sql = 'SELECT node, COUNT(*) AS held FROM bindings WHERE expires_at > ? GROUP BY node';
    const result = await this.#database.query({ sql, parameters: [at] });
    if (result.kind === 'fault') return queueFault(result);
    return new Map(result.rows.map((row) => [textOf(row, 'node'), numberOf(row, 'held')]));
  }

  /**
   * Gives the clients of a dead node to a living one. True when this call has done so: false when it lives again, another
   * one was faster, or the one who asks has lost his own lease.
   */
  async takeOver(dead: Lease, by: { readonly node: string; readonly holder: string }): Promise<boolean | QueueFault> {
    return this.#guarded([
      {
        sql: `UPDATE leases SET holder = '', token = token + 1 WHERE name = ? AND token = ? AND expires_at <= ${now}`,
        parameters: [nodeLease(dead.name), dead.token],
        expectRows: 1,
      },
      {
        sql: `SELECT name FROM leases WHERE name = ? AND holder = ? AND expires_at > ${now}`,
        parameters: [nodeLease(by.node), by.holder],
        expectRows: 1,
      },
      { sql: 'UPDATE bindings SET node = ? WHERE node = ?', parameters: [by.node, dead.name] },
    ]);
  }

  /** Gives a node the clients of those that never were nodes: from before there were several. Answers whose they are. */
  async adoptStrays(node: string): Promise<readonly UserId[] | QueueFault> {
    const sql = `UPDATE bindings SET node = ? WHERE NOT EXISTS
      (SELECT 1 FROM leases WHERE leases.name = '${nodePrefix}' || bindings.node) RETURNING owner`;
    const result = await this.#database.commit([{ sql, parameters: [node] }]);
    if (result.kind === 'fault') return queueFault(result);
    const rows = result.kind === 'committed' ? (result.rows[0] ?? []) : [];
    return [...new Set(rows.map((row) => userId(textOf(row, 'owner'))))];
  }

  async #guarded(batch: readonly Statement[]): Promise<boolean | QueueFault> {
    const result = await this.#database.commit(batch);
    return result.kind === 'fault' ? queueFault(result) : result.kind === 'committed';
  }
}
