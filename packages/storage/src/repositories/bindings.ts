import { type QueueFault, type UserId, userId } from '@opencpm/cpm';
import type { HostPort, TransportName } from '@opencpm/sip';
import type { Database, Row, Statement } from '../database.ts';
import { faultOf, queueFault } from './fault.ts';
import { numberOf, textOf } from './row.ts';

/** A binding as the database keeps it: header texts, times in milliseconds since the epoch. */
export interface StoredBinding {
  readonly owner: UserId;
  readonly client: string;
  /** The whole Contact value. */
  readonly contact: string;
  /** Values of Path, in order (RFC 3327). */
  readonly path: readonly string[];
  /** Requests go to the first Path value's host; without it they go over the flow. */
  readonly byPath: boolean;
  /** The address of record that the client's public GRUU is made of (RFC 5627); empty when it knows of none. */
  readonly gruuAddress: string;
  readonly registeredAt: number;
  readonly expiresAt: number;
  readonly callId: string;
  readonly sequence: number;
  readonly transport: TransportName;
  /** Our end and the client's end of the flow it registered on. */
  readonly local: HostPort;
  readonly remote: HostPort;
  /** The node that its client registered at, by which it is reached; absent in an installation of one. */
  readonly node?: string;
}

/** Where a page begins: behind that binding. */
export type BindingPlace = Pick<StoredBinding, 'owner' | 'client'>;

export interface BindingChanges {
  readonly save: readonly StoredBinding[];
  readonly remove: readonly BindingPlace[];
}

export class Bindings {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Bindings that are not expired, those of one owner after the other. */
  async page(now: number, after: BindingPlace | undefined, limit: number): Promise<readonly StoredBinding[] | QueueFault> {
    const result = await this.#database.query({
      sql: `SELECT ${columns.join(', ')} FROM bindings WHERE (owner, client) > (?, ?) AND expires_at > ? ORDER BY owner, client LIMIT ?`,
      parameters: [after?.owner ?? '', after?.client ?? '', now, limit],
    });
    return result.kind === 'fault' ? queueFault(result) : result.rows.map(bindingOf);
  }

  /** Those of one user that are not expired. */
  async of(owner: UserId, now: number): Promise<readonly StoredBinding[] | QueueFault> {
    const result = await this.#database.query({
      sql: `SELECT ${columns.join(', ')} FROM bindings WHERE owner = ? AND expires_at > ? ORDER BY client`,
      parameters: [owner, now],
    });
    return result.kind === 'fault' ? queueFault(result) : result.rows.map(bindingOf);
  }

  /** All changes of one REGISTER, together or not at all. */
  async change(changes: BindingChanges): Promise<QueueFault | undefined> {
    const removed = changes.remove.map(({ owner, client }) => ({
      sql: 'DELETE FROM bindings WHERE owner = ? AND client = ?',
      parameters: [owner, client],
      tells: { kind: 'bindings' as const, owner },
    }));
    return faultOf(await this.#database.commit([...removed, ...changes.save.map(save)]));
  }

  async forgetExpired(now: number): Promise<QueueFault | undefined> {
    return faultOf(await this.#database.commit([{ sql: 'DELETE FROM bindings WHERE expires_at <= ?', parameters: [now] }]));
  }

  /** The same for some of them, without a look at all others; those that were refreshed meanwhile stay. */
  async forgetThoseExpired(places: readonly BindingPlace[], now: number): Promise<QueueFault | undefined> {
    const sql = 'DELETE FROM bindings WHERE owner = ? AND client = ? AND expires_at <= ?';
    return faultOf(await this.#database.commit(places.map(({ owner, client }) => ({ sql, parameters: [owner, client, now] }))));
  }
}

const columns = [
  ...['owner', 'client', 'contact', 'path', 'by_path', 'gruu_address', 'registered_at', 'expires_at', 'call_id', 'sequence'],
  ...['transport', 'local_host', 'local_port', 'remote_host', 'remote_port', 'node'],
] as const;

const saveStatement = `INSERT INTO bindings (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})
  ON CONFLICT (owner, client) DO UPDATE SET ${columns
    .slice(2)
    .map((column) => `${column} = excluded.${column}`)
    .join(', ')}`;

function save(binding: StoredBinding): Statement {
  return {
    sql: saveStatement,
    parameters: [
      binding.owner,
      binding.client,
      binding.contact,
      binding.path.join(pathSeparator),
      binding.byPath ? 1 : 0,
      binding.gruuAddress,
      binding.registeredAt,
      binding.expiresAt,
      binding.callId,
      binding.sequence,
      binding.transport,
      binding.local.host,
      binding.local.port,
      binding.remote.host,
      binding.remote.port,
      binding.node ?? '',
    ],
    tells: { kind: 'bindings', owner: binding.owner },
  };
}

/** No header value holds a line end. */
const pathSeparator = '\n';

function bindingOf(row: Row): StoredBinding {
  const path = textOf(row, 'path');
  const node = textOf(row, 'node');
  return {
    owner: userId(textOf(row, 'owner')),
    client: textOf(row, 'client'),
    contact: textOf(row, 'contact'),
    path: path === '' ? [] : path.split(pathSeparator),
    byPath: numberOf(row, 'by_path') === 1,
    gruuAddress: textOf(row, 'gruu_address'),
    registeredAt: numberOf(row, 'registered_at'),
    expiresAt: numberOf(row, 'expires_at'),
    callId: textOf(row, 'call_id'),
    sequence: numberOf(row, 'sequence'),
    transport: textOf(row, 'transport') === 'TCP' ? 'TCP' : 'UDP',
    local: { host: textOf(row, 'local_host'), port: numberOf(row, 'local_port') },
    remote: { host: textOf(row, 'remote_host'), port: numberOf(row, 'remote_port') },
    ...(node === '' ? {} : { node }),
  };
}
