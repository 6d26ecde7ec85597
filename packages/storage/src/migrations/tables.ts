/** A table of the schema, as copying an installation has to know it. */
export interface Table {
  readonly name: string;
  /** The columns of the primary key in its order: pages are read along it. */
  readonly key: readonly string[];
  /** The column whose octets make rows large, where there is one. */
  readonly octets?: string;
  /** False for what describes running nodes and not the installation: it is not copied. */
  readonly copied: boolean;
}

/**
 * Every table that MIGRATIONS make but `schema_migrations`. Who adds a table in a migration adds it here; a test
 * compares this list with the schema on both engines.
 */
export const TABLES: readonly Table[] = [
  { name: 'users', key: ['owner'], copied: true },
  { name: 'identities', key: ['address'], copied: true },
  { name: 'bindings', key: ['owner', 'client'], copied: true },
  { name: 'deferred_messages', key: ['message_uri_id'], octets: 'request', copied: true },
  { name: 'deferred_attempts', key: ['owner', 'message_uri_id', 'client'], copied: true },
  { name: 'queue_sizes', key: ['owner'], copied: true },
  { name: 'stored_messages', key: ['owner', 'duplicate_key'], copied: true },
  { name: 'anonymous_originators', key: ['owner', 'imdn_message_id'], copied: true },
  { name: 'outbox', key: ['owner', 'id'], octets: 'request', copied: true },
  { name: 'preference_rules', key: ['owner', 'rule_id'], copied: true },
  { name: 'blocked_contacts', key: ['owner', 'address'], copied: true },
  { name: 'device_profiles', key: ['owner', 'instance'], copied: true },
  { name: 'barred_users', key: ['owner'], copied: true },
  { name: 'server_keys', key: ['name'], copied: true },
  { name: 'message_uids', key: ['owner'], copied: true },
  { name: 'message_folders', key: ['owner', 'folder'], copied: true },
  { name: 'message_objects', key: ['owner', 'uid'], octets: 'octets', copied: true },
  { name: 'leases', key: ['name'], copied: false },
];
