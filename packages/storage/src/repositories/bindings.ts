import { type QueueFault, type UserId, userId } from '@opencpm/cpm';
import type { HostPort, TransportName } from '@opencpm/sip';
import type { Database, Row } from '../database.ts';
import { faultOf, queueFault } from './fault.ts';
import { numberOf, textOf } from './row.ts';

/** A binding as the database keeps it: header texts, times in milliseconds since the epoch. */
export interface StoredBinding {
  readonly owner: UserId;
  readonly client: string;
  /** The whole Contact value. */
  readonly contact: string;
  readonly path: string;
  readonly registeredAt: number;
  readonly expiresAt: number;
  readonly callId: string;
  readonly sequence: number;
  readonly transport: TransportName;
  /** Our end and the client's end of the flow it registered on. */
  readonly local: HostPort;
  readonly remote: HostPort;
}

export interface BindingChanges {
  readonly save: readonly StoredBinding[];
  readonly remove: readonly Pick<StoredBinding, 'owner' | 'client'>[];
}

export class Bindings {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async all(now: number): Promise<readonly StoredBinding[] | QueueFault> {
    const result = await this.#database.query({ sql: 'SELECT * FROM bindings WHERE expires_at > ?', parameters: [now] });
    return result.kind === 'fault' ? queueFault(result) : result.rows.map(bindingOf);
  }

  /** All changes of one REGISTER, together or not at all. */
  async change(changes: BindingChanges): Promise<QueueFault | undefined> {
    const removed = changes.remove.map(({ owner, client }) => ({
      sql: 'DELETE FROM bindings WHERE owner = ? AND client = ?',
      parameters: [owner, client],
    }));
    return faultOf(await this.#database.commit([...removed, ...changes.save.map(save)]));
  }

  async forgetExpired(now: number): Promise<QueueFault | undefined> {
    return faultOf(await this.#database.commit([{ sql: 'DELETE FROM bindings WHERE expires_at <= ?', parameters: [now] }]));
  }
}

function save(binding: StoredBinding) {
  return {
    sql: `INSERT INTO bindings (owner, client, contact, path, registered_at, expires_at, call_id, sequence, transport, local_host, local_port,
      remote_host, remote_port) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (owner, client) DO UPDATE SET contact = excluded.contact, path = excluded.path, registered_at = excluded.registered_at,
      expires_at = excluded.expires_at, call_id = excluded.call_id, sequence = excluded.sequence, transport = excluded.transport,
      local_host = excluded.local_host, local_port = excluded.local_port, remote_host = excluded.remote_host, remote_port = excluded.remote_port`,
    parameters: [
      binding.owner,
      binding.client,
      binding.contact,
      binding.path,
      binding.registeredAt,
      binding.expiresAt,
      binding.callId,
      binding.sequence,
      binding.transport,
      binding.local.host,
      binding.local.port,
      binding.remote.host,
      binding.remote.port,
    ],
  };
}

function bindingOf(row: Row): StoredBinding {
  return {
    owner: userId(textOf(row, 'owner')),
    client: textOf(row, 'client'),
    contact: textOf(row, 'contact'),
    path: textOf(row, 'path'),
    registeredAt: numberOf(row, 'registered_at'),
    expiresAt: numberOf(row, 'expires_at'),
    callId: textOf(row, 'call_id'),
    sequence: numberOf(row, 'sequence'),
    transport: textOf(row, 'transport') === 'TCP' ? 'TCP' : 'UDP',
    local: { host: textOf(row, 'local_host'), port: numberOf(row, 'local_port') },
    remote: { host: textOf(row, 'remote_host'), port: numberOf(row, 'remote_port') },
  };
}
