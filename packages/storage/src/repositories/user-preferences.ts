import { type PreferenceRule, type Preferences, type QueueFault, type UserId, userId } from '@opencpm/cpm';
import type { Database, Statement } from '../database.ts';
import { faultOf, queueFault } from './fault.ts';
import { actionsText, deviceProfileOf, identitiesText, mediaText, ruleOf, validityText } from './preference-rows.ts';
import { textOf } from './row.ts';

/** How much one user may have of each. */
export interface PreferenceLimits {
  readonly rulesPerUser: number;
  readonly blockedContactsPerUser: number;
  readonly deviceProfilesPerUser: number;
}

export type PreferenceChange =
  | { readonly kind: 'done' }
  /** A rule of that id is there already, or the limit is reached. */
  | { readonly kind: 'refused' }
  | QueueFault;

/** Rules, blocked contacts and device profiles of users, and who of them may not send. */
export class UserPreferenceRows {
  readonly #database: Database;
  readonly #limits: PreferenceLimits;

  constructor(database: Database, limits: PreferenceLimits) {
    this.#database = database;
    this.#limits = limits;
  }

  /** Everything of one user; rules in the order in which they were added. */
  async of(owner: UserId): Promise<Preferences | QueueFault> {
    const read = (sql: string) => this.#database.query({ sql, parameters: [owner] });
    const [rules, blocked, profiles] = await Promise.all([
      read('SELECT * FROM preference_rules WHERE owner = ? ORDER BY position, rule_id'),
      read('SELECT address FROM blocked_contacts WHERE owner = ?'),
      read('SELECT * FROM device_profiles WHERE owner = ? ORDER BY instance'),
    ]);
    if (rules.kind === 'fault') return queueFault(rules);
    if (blocked.kind === 'fault') return queueFault(blocked);
    if (profiles.kind === 'fault') return queueFault(profiles);
    return {
      blockedContacts: new Set(blocked.rows.map((row) => textOf(row, 'address'))),
      rules: rules.rows.map(ruleOf),
      ...(profiles.rows.length === 0 ? {} : { profiles: new Map(profiles.rows.map(deviceProfileOf)) }),
    };
  }

  /** All users who have any of it. */
  async owners(): Promise<readonly UserId[] | QueueFault> {
    const sql = `SELECT owner FROM preference_rules UNION SELECT owner FROM blocked_contacts UNION SELECT owner FROM device_profiles`;
    const result = await this.#database.query({ sql, parameters: [] });
    return result.kind === 'fault' ? queueFault(result) : result.rows.map((row) => userId(textOf(row, 'owner')));
  }

  /** The rule comes behind the others. */
  addRule(owner: UserId, rule: PreferenceRule): Promise<PreferenceChange> {
    return this.#change(owner, {
      sql: `INSERT INTO preference_rules (owner, rule_id, position, identities, validity, media, actions)
        SELECT ?, ?, COALESCE(MAX(position), 0) + 1, ?, ?, ?, ? FROM preference_rules WHERE owner = ? HAVING COUNT(*) < ?
        ON CONFLICT DO NOTHING`,
      parameters: [
        owner,
        rule.id,
        identitiesText(rule.identities),
        validityText(rule.validity),
        mediaText(rule.media),
        actionsText(rule.actions),
        owner,
        this.#limits.rulesPerUser,
      ],
    });
  }

  /** `refused`: there is no such rule. */
  removeRule(owner: UserId, id: string): Promise<PreferenceChange> {
    return this.#change(owner, { sql: 'DELETE FROM preference_rules WHERE owner = ? AND rule_id = ?', parameters: [owner, id] });
  }

  /** `refused`: the list is full. An address that is in it stays in it. */
  block(owner: UserId, address: string): Promise<PreferenceChange> {
    return this.#change(owner, {
      sql: `INSERT INTO blocked_contacts (owner, address) SELECT ?, ?
        WHERE (SELECT COUNT(*) FROM blocked_contacts WHERE owner = ? AND address <> ?) < ? ON CONFLICT (owner, address) DO UPDATE SET address = excluded.address`,
      parameters: [owner, address, owner, address, this.#limits.blockedContactsPerUser],
    });
  }

  /** `refused`: it was not in the list. */
  unblock(owner: UserId, address: string): Promise<PreferenceChange> {
    return this.#change(owner, { sql: 'DELETE FROM blocked_contacts WHERE owner = ? AND address = ?', parameters: [owner, address] });
  }

  /** Replaces the profile of a device. */
  setProfile(owner: UserId, instance: string, media: PreferenceRule['media']): Promise<PreferenceChange> {
    return this.#change(owner, {
      sql: `INSERT INTO device_profiles (owner, instance, media) SELECT ?, ?, ?
        WHERE (SELECT COUNT(*) FROM device_profiles WHERE owner = ? AND instance <> ?) < ? ON CONFLICT (owner, instance) DO UPDATE SET media = excluded.media`,
      parameters: [owner, instance, mediaText(media), owner, instance, this.#limits.deviceProfilesPerUser],
    });
  }

  /** `refused`: the device has none. */
  removeProfile(owner: UserId, instance: string): Promise<PreferenceChange> {
    return this.#change(owner, { sql: 'DELETE FROM device_profiles WHERE owner = ? AND instance = ?', parameters: [owner, instance] });
  }

  async isBarred(owner: UserId): Promise<boolean | QueueFault> {
    const result = await this.#database.query({ sql: 'SELECT owner FROM barred_users WHERE owner = ?', parameters: [owner] });
    return result.kind === 'fault' ? queueFault(result) : result.rows.length > 0;
  }

  /** All users who may not send. */
  async barred(): Promise<readonly UserId[] | QueueFault> {
    const result = await this.#database.query({ sql: 'SELECT owner FROM barred_users', parameters: [] });
    return result.kind === 'fault' ? queueFault(result) : result.rows.map((row) => userId(textOf(row, 'owner')));
  }

  async bar(owner: UserId, now: number): Promise<QueueFault | undefined> {
    const sql = 'INSERT INTO barred_users (owner, since) VALUES (?, ?) ON CONFLICT DO NOTHING';
    return faultOf(await this.#database.commit([{ sql, parameters: [owner, now], tells: { kind: 'preferences', owner } }]));
  }

  async unbar(owner: UserId): Promise<QueueFault | undefined> {
    return faultOf(
      await this.#database.commit([
        { sql: 'DELETE FROM barred_users WHERE owner = ?', parameters: [owner], tells: { kind: 'preferences', owner } },
      ]),
    );
  }

  async #change(owner: UserId, statement: Omit<Statement, 'expectRows' | 'tells'>): Promise<PreferenceChange> {
    const result = await this.#database.commit([{ ...statement, expectRows: 1, tells: { kind: 'preferences', owner } }]);
    if (result.kind === 'committed') return { kind: 'done' };
    return result.kind === 'guard-failed' ? { kind: 'refused' } : queueFault(result);
  }
}
