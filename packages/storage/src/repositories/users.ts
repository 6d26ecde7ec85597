import { type QueueFault, type UserId, userId } from '@opencpm/cpm';
import type { Database, Row, Statement } from '../database.ts';
import { faultOf, queueFault } from './fault.ts';
import { numberOf, textOf } from './row.ts';

/** A user as the database keeps him. Passwords are never stored, only H(username:realm:password). */
export interface StoredUser {
  readonly owner: UserId;
  /** User name of digest and of the command line. */
  readonly name: string;
  readonly source: 'configuration' | 'database' | 'demo';
  readonly realm: string;
  readonly ha1: { readonly MD5: string; readonly 'SHA-256': string };
  readonly loopbackOnly: boolean;
  /** In order; `address` is the canonical form by which the identity is found. */
  readonly identities: readonly StoredIdentity[];
}

export interface StoredIdentity {
  readonly address: string;
  readonly uri: string;
}

export type UserChange = { readonly kind: 'done' } | { readonly kind: 'conflict' } | QueueFault;

const userColumns = 'owner, name, source, realm, ha1_md5, ha1_sha256, loopback_only';

export class Users {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Users in the order of their ids, from behind that one. */
  async page(after: UserId | undefined, limit: number): Promise<readonly StoredUser[] | QueueFault> {
    const sql = 'SELECT * FROM users WHERE owner > ? ORDER BY owner LIMIT ?';
    const users = await this.#database.query({ sql, parameters: [after ?? '', limit] });
    if (users.kind === 'fault') return queueFault(users);
    const last = users.rows.at(-1);
    if (last === undefined) return [];
    const identities = await this.#database.query({
      sql: 'SELECT * FROM identities WHERE owner > ? AND owner <= ? ORDER BY owner, position',
      parameters: [after ?? '', textOf(last, 'owner')],
    });
    if (identities.kind === 'fault') return queueFault(identities);
    const byOwner = Map.groupBy(identities.rows, (row) => textOf(row, 'owner'));
    return users.rows.map((row) => userOf(row, byOwner.get(textOf(row, 'owner')) ?? []));
  }

  /** One user; undefined when there is none. */
  async find(owner: UserId): Promise<StoredUser | undefined | QueueFault> {
    const users = await this.#database.query({ sql: `SELECT ${userColumns} FROM users WHERE owner = ?`, parameters: [owner] });
    if (users.kind === 'fault') return queueFault(users);
    const [row] = users.rows;
    if (row === undefined) return undefined;
    const identities = await this.#database.query({
      sql: 'SELECT address, uri FROM identities WHERE owner = ? ORDER BY position',
      parameters: [owner],
    });
    return identities.kind === 'fault' ? queueFault(identities) : userOf(row, identities.rows);
  }

  /** `conflict`: the name or one of the identities is another user's. */
  async add(user: StoredUser, now: number): Promise<UserChange> {
    return this.#change([
      {
        sql: `INSERT INTO users (owner, name, source, realm, ha1_md5, ha1_sha256, loopback_only, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
          ON CONFLICT DO NOTHING`,
        parameters: [user.owner, user.name, user.source, user.realm, user.ha1.MD5, user.ha1['SHA-256'], user.loopbackOnly ? 1 : 0, now],
        expectRows: 1,
        tells: { kind: 'user', owner: user.owner },
      },
      ...insertIdentities(user),
    ]);
  }

  /** Replaces password, identities and source of a user who exists; his queue and bindings stay. */
  async update(user: StoredUser): Promise<UserChange> {
    return this.#change([
      {
        sql: 'UPDATE users SET source = ?, realm = ?, ha1_md5 = ?, ha1_sha256 = ?, loopback_only = ? WHERE owner = ?',
        parameters: [user.source, user.realm, user.ha1.MD5, user.ha1['SHA-256'], user.loopbackOnly ? 1 : 0, user.owner],
        expectRows: 1,
        tells: { kind: 'user', owner: user.owner },
      },
      { sql: 'DELETE FROM identities WHERE owner = ?', parameters: [user.owner] },
      ...insertIdentities(user),
    ]);
  }

  /** Removes the user with everything that is his. What is still owed in his name is sent all the same. */
  async remove(owner: UserId): Promise<QueueFault | undefined> {
    const queue = ['deferred_messages', 'deferred_attempts', 'queue_sizes', 'stored_messages', 'anonymous_originators'];
    const preferences = ['preference_rules', 'blocked_contacts', 'device_profiles', 'barred_users'];
    const store = ['message_objects', 'message_folders', 'message_uids'];
    const tables = ['bindings', ...queue, ...store, ...preferences, 'identities', 'users'];
    return faultOf(
      await this.#database.commit(
        tables.map((table) => ({ sql: `DELETE FROM ${table} WHERE owner = ?`, parameters: [owner], tells: { kind: 'user', owner } })),
      ),
    );
  }

  async #change(batch: readonly Statement[]): Promise<UserChange> {
    const result = await this.#database.commit(batch);
    if (result.kind === 'committed') return { kind: 'done' };
    return result.kind === 'guard-failed' ? { kind: 'conflict' } : queueFault(result);
  }
}

function insertIdentities(user: StoredUser): readonly Statement[] {
  return user.identities.map((identity, position) => ({
    sql: 'INSERT INTO identities (address, owner, position, uri) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    parameters: [identity.address, user.owner, position, identity.uri],
    expectRows: 1,
  }));
}

function userOf(row: Row, identities: readonly Row[]): StoredUser {
  return {
    owner: userId(textOf(row, 'owner')),
    name: textOf(row, 'name'),
    source: sourceOf(textOf(row, 'source')),
    realm: textOf(row, 'realm'),
    ha1: { MD5: textOf(row, 'ha1_md5'), 'SHA-256': textOf(row, 'ha1_sha256') },
    loopbackOnly: numberOf(row, 'loopback_only') === 1,
    identities: identities.map((identity) => ({ address: textOf(identity, 'address'), uri: textOf(identity, 'uri') })),
  };
}

function sourceOf(text: string): StoredUser['source'] {
  return text === 'configuration' || text === 'demo' ? text : 'database';
}
