import type { Migration } from './migrate.ts';

/**
 * Half as many trees to write for each deferred message. The ids of messages begin with the time and are unique by
 * themselves, so that their key is written at its end alone and stands for the order of arrival; what waits in a
 * conversation is found along the positions of its owner. Small tables are kept in their key.
 */
export const leanQueueSchema: Migration = {
  id: 4,
  name: 'lean queue',
  statements: [
    'ALTER TABLE deferred_messages RENAME TO deferred_messages_before',
    `CREATE TABLE deferred_messages (
      message_uri_id TEXT NOT NULL PRIMARY KEY,
      owner TEXT NOT NULL,
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
      request {{bytes}} NOT NULL
    )`,
    `INSERT INTO deferred_messages (message_uri_id, owner, position, mode, kind, originator, anonymous, conversation_id,
      contribution_id, imdn_message_id, arrived_at, expires_at, request)
      SELECT message_uri_id, owner, position, mode, kind, originator, anonymous, conversation_id,
      contribution_id, imdn_message_id, arrived_at, expires_at, request FROM deferred_messages_before`,
    'DROP TABLE deferred_messages_before',
    'CREATE INDEX deferred_messages_by_position ON deferred_messages (owner, position, conversation_id)',
    'CREATE INDEX deferred_messages_by_expiry ON deferred_messages (expires_at, message_uri_id)',
    'ALTER TABLE stored_messages RENAME TO stored_messages_before',
    `CREATE TABLE stored_messages (
      owner TEXT NOT NULL,
      duplicate_key TEXT NOT NULL,
      expires_at BIGINT NOT NULL,
      PRIMARY KEY (owner, duplicate_key)
    ) {{in_key}}`,
    `INSERT INTO stored_messages (owner, duplicate_key, expires_at)
      SELECT owner, duplicate_key, expires_at FROM stored_messages_before`,
    'DROP TABLE stored_messages_before',
    'CREATE INDEX stored_messages_by_expiry ON stored_messages (expires_at)',
    'ALTER TABLE queue_sizes RENAME TO queue_sizes_before',
    `CREATE TABLE queue_sizes (
      owner TEXT NOT NULL PRIMARY KEY,
      position BIGINT NOT NULL,
      messages BIGINT NOT NULL,
      octets BIGINT NOT NULL
    ) {{in_key}}`,
    `INSERT INTO queue_sizes (owner, position, messages, octets)
      SELECT owner, position, messages, octets FROM queue_sizes_before`,
    'DROP TABLE queue_sizes_before',
  ],
};
