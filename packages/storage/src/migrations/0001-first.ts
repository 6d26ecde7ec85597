import type { Migration } from './migrate.ts';

/**
 * The first schema. Keys begin with the owner, so that a table can be partitioned by user; `identities` is the way
 * from an address to its owner and begins with the address. Times are milliseconds since the epoch, truth values 0 or 1.
 */
export const firstSchema: Migration = {
  id: 1,
  name: 'first',
  statements: [
    `CREATE TABLE users (
      owner TEXT NOT NULL PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      source TEXT NOT NULL,
      realm TEXT NOT NULL,
      ha1_md5 TEXT NOT NULL,
      ha1_sha256 TEXT NOT NULL,
      loopback_only BIGINT NOT NULL,
      created_at BIGINT NOT NULL
    )`,
    `CREATE TABLE identities (
      address TEXT NOT NULL PRIMARY KEY,
      owner TEXT NOT NULL,
      position BIGINT NOT NULL,
      uri TEXT NOT NULL
    )`,
    'CREATE INDEX identities_by_owner ON identities (owner, position)',
    // `contact` is the Contact value as registered, `path` the Path values joined by commas.
    `CREATE TABLE bindings (
      owner TEXT NOT NULL,
      client TEXT NOT NULL,
      contact TEXT NOT NULL,
      path TEXT NOT NULL,
      registered_at BIGINT NOT NULL,
      expires_at BIGINT NOT NULL,
      call_id TEXT NOT NULL,
      sequence BIGINT NOT NULL,
      transport TEXT NOT NULL,
      local_host TEXT NOT NULL,
      local_port BIGINT NOT NULL,
      remote_host TEXT NOT NULL,
      remote_port BIGINT NOT NULL,
      PRIMARY KEY (owner, client)
    )`,
    // `message_uri_id` sorts by arrival; `request` is the stored SIP MESSAGE (B-8.3.1.6.1-01).
    `CREATE TABLE deferred_messages (
      owner TEXT NOT NULL,
      message_uri_id TEXT NOT NULL,
      mode TEXT NOT NULL,
      kind TEXT NOT NULL,
      originator TEXT,
      anonymous BIGINT NOT NULL,
      conversation_id TEXT,
      contribution_id TEXT,
      imdn_message_id TEXT,
      arrived_at BIGINT NOT NULL,
      expires_at BIGINT NOT NULL,
      request {{bytes}} NOT NULL,
      PRIMARY KEY (owner, message_uri_id)
    )`,
    'CREATE INDEX deferred_messages_by_expiry ON deferred_messages (expires_at)',
    // A row exists only after an attempt has failed.
    `CREATE TABLE deferred_attempts (
      owner TEXT NOT NULL,
      message_uri_id TEXT NOT NULL,
      client TEXT NOT NULL,
      attempt BIGINT NOT NULL,
      PRIMARY KEY (owner, message_uri_id, client)
    )`,
    `CREATE TABLE queue_sizes (
      owner TEXT NOT NULL PRIMARY KEY,
      messages BIGINT NOT NULL,
      octets BIGINT NOT NULL
    )`,
    // Duplicate keys of stored messages; outlive the message by the duplicate window.
    `CREATE TABLE stored_messages (
      owner TEXT NOT NULL,
      duplicate_key TEXT NOT NULL,
      expires_at BIGINT NOT NULL,
      PRIMARY KEY (owner, duplicate_key)
    )`,
    'CREATE INDEX stored_messages_by_expiry ON stored_messages (expires_at)',
    // To whom the notifications of anonymous messages go (decision 34); the owner is the recipient.
    `CREATE TABLE anonymous_originators (
      owner TEXT NOT NULL,
      imdn_message_id TEXT NOT NULL,
      originator TEXT NOT NULL,
      expires_at BIGINT NOT NULL,
      PRIMARY KEY (owner, imdn_message_id)
    )`,
    'CREATE INDEX anonymous_originators_by_expiry ON anonymous_originators (expires_at)',
    `CREATE TABLE outbox (
      owner TEXT NOT NULL,
      id TEXT NOT NULL,
      request {{bytes}} NOT NULL,
      due_at BIGINT NOT NULL,
      expires_at BIGINT NOT NULL,
      attempts BIGINT NOT NULL,
      PRIMARY KEY (owner, id)
    )`,
    'CREATE TABLE server_keys (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)',
  ],
};
