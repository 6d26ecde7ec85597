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
    // `contact` is the Contact value as registered, `path` one Path value a line, `by_path` whether requests go there,
    // `gruu_address` the address of record of the public GRUU that the client was given, else empty.
    `CREATE TABLE bindings (
      owner TEXT NOT NULL,
      client TEXT NOT NULL,
      contact TEXT NOT NULL,
      path TEXT NOT NULL,
      by_path BIGINT NOT NULL,
      gruu_address TEXT NOT NULL,
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
    // `position` counts the owner's messages in the order of their commits; `conversation_id` is null when it is too long for
    // an index; `request` is the stored SIP MESSAGE (B-8.3.1.6.1-01).
    `CREATE TABLE deferred_messages (
      owner TEXT NOT NULL,
      message_uri_id TEXT NOT NULL,
      position BIGINT NOT NULL,
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
    'CREATE INDEX deferred_messages_by_position ON deferred_messages (owner, position)',
    'CREATE INDEX deferred_messages_by_conversation ON deferred_messages (owner, conversation_id)',
    'CREATE INDEX deferred_messages_by_expiry ON deferred_messages (expires_at, message_uri_id)',
    'CREATE INDEX deferred_messages_by_arrival ON deferred_messages (arrived_at)',
    // A row exists only after a request to that client has failed. `status` is null for silence, 0 for what could not be sent;
    // `refused_by` is the registration that refused for good.
    `CREATE TABLE deferred_attempts (
      owner TEXT NOT NULL,
      message_uri_id TEXT NOT NULL,
      client TEXT NOT NULL,
      attempt BIGINT NOT NULL,
      status BIGINT,
      pause BIGINT NOT NULL,
      retry_at BIGINT NOT NULL,
      refused_by TEXT,
      PRIMARY KEY (owner, message_uri_id, client)
    )`,
    // What waits for a user, and the position given out last, which never falls.
    `CREATE TABLE queue_sizes (
      owner TEXT NOT NULL PRIMARY KEY,
      position BIGINT NOT NULL,
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
    'CREATE INDEX stored_messages_by_owner ON stored_messages (owner, expires_at)',
    // To whom the notifications of anonymous messages go (decision 34); the owner is the recipient.
    `CREATE TABLE anonymous_originators (
      owner TEXT NOT NULL,
      imdn_message_id TEXT NOT NULL,
      originator TEXT NOT NULL,
      expires_at BIGINT NOT NULL,
      PRIMARY KEY (owner, imdn_message_id)
    )`,
    'CREATE INDEX anonymous_originators_by_expiry ON anonymous_originators (expires_at)',
    'CREATE INDEX anonymous_originators_by_owner ON anonymous_originators (owner, expires_at)',
    `CREATE TABLE outbox (
      owner TEXT NOT NULL,
      id TEXT NOT NULL,
      request {{bytes}} NOT NULL,
      due_at BIGINT NOT NULL,
      expires_at BIGINT NOT NULL,
      attempts BIGINT NOT NULL,
      PRIMARY KEY (owner, id)
    )`,
    'CREATE INDEX outbox_by_owner ON outbox (owner, expires_at)',
    'CREATE INDEX outbox_by_time ON outbox (due_at)',
    // Rules of a user in the order of his document (wire facts 12.3). Texts of one item a line or a word: `identities` is
    // empty for everybody, `others`, or addresses; `validity` is `from until`; an action is a name or `name=value`.
    `CREATE TABLE preference_rules (
      owner TEXT NOT NULL,
      rule_id TEXT NOT NULL,
      position BIGINT NOT NULL,
      identities TEXT NOT NULL,
      validity TEXT NOT NULL,
      media TEXT NOT NULL,
      actions TEXT NOT NULL,
      PRIMARY KEY (owner, rule_id)
    )`,
    `CREATE TABLE blocked_contacts (
      owner TEXT NOT NULL,
      address TEXT NOT NULL,
      PRIMARY KEY (owner, address)
    )`,
    // Active profiles of devices that do not take everything (wire facts 12.4).
    `CREATE TABLE device_profiles (
      owner TEXT NOT NULL,
      instance TEXT NOT NULL,
      media TEXT NOT NULL,
      PRIMARY KEY (owner, instance)
    )`,
    // Users who may not send (E-8.2.1.2-01).
    'CREATE TABLE barred_users (owner TEXT NOT NULL PRIMARY KEY, since BIGINT NOT NULL)',
    'CREATE TABLE server_keys (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)',
  ],
};
