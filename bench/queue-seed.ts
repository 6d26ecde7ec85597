import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  contributionId,
  conversationId,
  type DeferredMessage,
  duplicateKey,
  messageId,
  messageUriId,
  type QueueEntry,
  userId,
} from '@opencpm/cpm';
import { parseMessage, type SipRequest, serializeMessage } from '@opencpm/sip';
import { nodeOctets } from '@opencpm/sip/node';
import { type Database, DeferredMessages, MIGRATIONS, migrate, openSqliteInThread, type StoredUser, Users } from '@opencpm/storage';
import { domain } from '../interop/surroundings/server-process.ts';
import { password } from './binding-clients.ts';
import { addressOf } from './queue-message.ts';
import type { PlannedMessage } from './queue-plan.ts';

/** How many go into one transaction; with the two below for speed alone, in a process that has nothing else to do. */
const groupSize = 5000;
const cacheBytes = 512 * 1024 * 1024;
const logPages = 50_000;
const shippedLimits = {
  messagesPerUser: 10_000,
  octetsPerUser: 67_108_864,
  duplicateKeysPerUser: 10_000,
  duplicateWindowMilliseconds: 86_400_000,
};
/** Expires of what expires at once, until it is said when. */
const marker = 4_102_444_800_000;

/** The database of a server that does not run. */
export async function withDatabase<T>(folder: string, use: (database: Database) => Promise<T>): Promise<T> {
  mkdirSync(join(folder, 'data'), { mode: 0o700, recursive: true });
  const database = openSqliteInThread({ file: join(folder, 'data', 'opencpm.db'), limits: { cacheBytes } });
  try {
    const migrated = await migrate(database, MIGRATIONS);
    if (migrated.kind !== 'migrated') throw new Error(`the database was not made: ${migrated.kind}`);
    await database.query({ sql: `PRAGMA wal_autocheckpoint = ${logPages}`, parameters: [] });
    return await use(database);
  } finally {
    await database.close();
  }
}

/** Users as `opencpm user add` leaves them. */
export async function seedUsers(database: Database, names: Iterable<string>): Promise<void> {
  const users = new Users(database);
  await inGroups(names, async (name) => (await users.add(userOf(name), 1)).kind === 'done');
}

function userOf(name: string): StoredUser {
  const secret = `${name}:${domain}:${password}`;
  const hash = (algorithm: string) => createHash(algorithm).update(secret).digest('hex');
  const ha1 = { MD5: hash('md5'), 'SHA-256': hash('sha256') };
  const identities = [{ address: addressOf(name), uri: addressOf(name) }];
  return { owner: ownerOf(name), name, source: 'database', realm: domain, ha1, loopbackOnly: false, identities };
}

function ownerOf(name: string) {
  return userId(createHash('md5').update(name).digest('hex'));
}

/** What waits for the only user for whom something waits, and takes it out. */
export async function takeSample(database: Database): Promise<QueueEntry> {
  const queue = new DeferredMessages(database, shippedLimits);
  const listed = await queue.list(undefined, 2);
  if ('kind' in listed) throw new Error(listed.reason);
  const [sample, ...more] = listed;
  if (sample === undefined || more.length > 0) throw new Error('not one message waits');
  if ((await queue.remove(sample.owner, sample.id, [])) !== true) throw new Error('the sample stays');
  return sample;
}

export interface Pattern {
  /** What the server has kept of it. */
  readonly kept: QueueEntry;
  readonly planned: PlannedMessage;
}

export interface SeedOptions {
  readonly pattern: Pattern;
  /** Of the first; the others come a millisecond after each other. */
  readonly arrivedAt: number;
  /** They expire when `expireAt` says so. */
  readonly expiring?: boolean;
}

/** Messages as the server would have kept them: each is its own pattern with other names, stored by its own repository. */
export async function seedMessages(database: Database, planned: Iterable<PlannedMessage>, options: SeedOptions): Promise<void> {
  const queue = new DeferredMessages(database, shippedLimits);
  let arrivedAt = options.arrivedAt;
  await inGroups(planned, async (each) => {
    const stored = await queue.store(deferredMessage(each, arrivedAt++, options));
    return stored.kind === 'stored';
  });
}

/** Sets the moment; returns of how many. */
export async function expireAt(database: Database, time: number): Promise<number> {
  const sql = 'UPDATE deferred_messages SET expires_at = ? WHERE expires_at = ? RETURNING 1 AS row';
  const result = await database.commit([{ sql, parameters: [time, marker] }]);
  if (result.kind !== 'committed') throw new Error('the time of expiry was not set');
  return result.rows[0]?.length ?? 0;
}

/** As the server would have kept it. */
export function deferredMessage(
  planned: PlannedMessage,
  arrivedAt: number,
  { pattern, expiring = false }: Omit<SeedOptions, 'arrivedAt'>,
): DeferredMessage {
  const { kept } = pattern;
  const order = (arrivedAt * 1000).toString(16).padStart(14, '0');
  const entry = {
    mode: kept.mode,
    kind: kept.kind,
    anonymous: kept.anonymous,
    owner: ownerOf(planned.recipient),
    id: messageUriId(`sip:${order}-${createHash('md5').update(planned.messageId).digest('hex')}@${domain}`),
    originator: addressOf(planned.sender),
    conversationId: conversationId(`with-${planned.sender}`),
    contributionId: contributionId(`contribution-${planned.messageId}`),
    messageId: messageId(planned.messageId),
    arrivedAt,
    expiresAt: expiring ? marker : arrivedAt + (kept.expiresAt - kept.arrivedAt),
    request: likePattern(planned, pattern),
  };
  return { ...entry, duplicateKey: duplicateKey({ servedUser: entry.owner }, entry) };
}

function likePattern(planned: PlannedMessage, { kept, planned: model }: Pattern): SipRequest {
  const asked = 'imdn.Disposition-Notification: negative-delivery\r\n';
  const text = Buffer.from(serializeMessage(kept.request, nodeOctets)).toString('latin1');
  const other = text
    .replaceAll(model.messageId, planned.messageId)
    .replaceAll(model.sender, planned.sender)
    .replaceAll(model.recipient, planned.recipient)
    // In place of the request for a notification stands another header of the same length, as Content-Length counts it.
    .replace(planned.negativeDelivery ? '' : asked, planned.negativeDelivery ? '' : `X-Bench: ${'-'.repeat(asked.length - 11)}\r\n`);
  const parsed = parseMessage(Buffer.from(other, 'latin1'), nodeOctets);
  if (parsed.kind !== 'message' || parsed.message.kind !== 'request') throw new Error('what was made of the sample does not parse');
  return parsed.message;
}

async function inGroups<T>(all: Iterable<T>, store: (each: T) => Promise<boolean>): Promise<void> {
  let group: Promise<boolean>[] = [];
  const settle = async () => {
    const stored = await Promise.all(group);
    if (stored.includes(false)) throw new Error('something was not stored');
    group = [];
  };
  for (const each of all) {
    group.push(store(each));
    if (group.length === groupSize) await settle();
  }
  await settle();
}
