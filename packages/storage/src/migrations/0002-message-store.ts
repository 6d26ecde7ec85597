import type { Migration } from './migrate.ts';

/**
 * The message store of each user. `message_uids` counts his objects and has the UID given out last, which never falls:
 * a UID is his once, in whatever folder (decision 30). `octets` of an object is a whole Internet message.
 */
export const messageStoreSchema: Migration = {
  id: 2,
  name: 'message store',
  statements: [
    `CREATE TABLE message_uids (
      owner TEXT NOT NULL PRIMARY KEY,
      last_uid BIGINT NOT NULL,
      objects BIGINT NOT NULL,
      octets BIGINT NOT NULL
    )`,
    `CREATE TABLE message_folders (
      owner TEXT NOT NULL,
      folder TEXT NOT NULL,
      uid_validity BIGINT NOT NULL,
      PRIMARY KEY (owner, folder)
    )`,
    // `object_key` tells the same message recorded twice; `flags` are IMAP flags with a blank between them.
    `CREATE TABLE message_objects (
      owner TEXT NOT NULL,
      uid BIGINT NOT NULL,
      folder TEXT NOT NULL,
      direction TEXT NOT NULL,
      conversation_id TEXT,
      contribution_id TEXT,
      imdn_message_id TEXT,
      object_key TEXT,
      stored_at BIGINT NOT NULL,
      flags TEXT NOT NULL,
      octets {{bytes}} NOT NULL,
      PRIMARY KEY (owner, uid)
    )`,
    'CREATE UNIQUE INDEX message_objects_by_key ON message_objects (owner, object_key)',
    'CREATE INDEX message_objects_by_folder ON message_objects (owner, folder, uid)',
  ],
};
