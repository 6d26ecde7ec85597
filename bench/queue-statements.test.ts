import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { conversationId, messageUriId, userId } from '@opencpm/cpm';
import {
  AnonymousOriginatorRows,
  type Database,
  DeferredMessages,
  MIGRATIONS,
  migrate,
  OutboxRows,
  openSqliteInThread,
  type Statement,
} from '@opencpm/storage';

const owner = userId('u');
const id = messageUriId('sip:1@cpm.test');
const conversation = conversationId('c');
const limits = { messagesPerUser: 9, octetsPerUser: 9, duplicateKeysPerUser: 9, duplicateWindowMilliseconds: 9 };
const refusal = { status: 480, pauseMilliseconds: 1, retryAt: 1, refusedBy: undefined };

/** What SQLite would read to the end for the statements of one call, by its own word. */
async function scansOf(call: (database: Database) => Promise<unknown>): Promise<readonly string[]> {
  const database = openSqliteInThread({ file: ':memory:' });
  await migrate(database, MIGRATIONS);
  const statements: Statement[] = [];
  const noting: Database = {
    engine: 'sqlite',
    query: (statement) => {
      statements.push(statement);
      return database.query(statement);
    },
    commit: (batch) => {
      statements.push(...batch);
      return database.commit(batch);
    },
    close: () => database.close(),
  };
  await call(noting);
  assert(statements.length > 0, 'it asked the database nothing');
  const steps: string[] = [];
  for (const { sql, parameters } of statements) {
    const explained = await database.query({ sql: `EXPLAIN QUERY PLAN ${sql}`, parameters });
    assert(explained.kind === 'rows');
    steps.push(...explained.rows.map(({ detail }) => String(detail)));
  }
  await database.close();
  // What a subquery has limited is read to its end.
  const subqueries = new Set(steps.flatMap((step) => /^(?:CO-ROUTINE|MATERIALIZE) (\w+)/.exec(step)?.[1] ?? []));
  return steps.filter((step) => !subqueries.has(/^SCAN (\w+)$/.exec(step)?.[1] ?? '') && /^SCAN|TEMP B-TREE/.test(step));
}

const queue = (database: Database) => new DeferredMessages(database, limits);

describe('what is done for a message or a user reads no table to its end, however much waits', () => {
  const calls: Readonly<Record<string, (database: Database) => Promise<unknown>>> = {
    'the messages that wait for a user': (database) => queue(database).waiting(owner, { client: 'k', now: 1, limit: 50, after: 3 }),
    'those of a conversation': (database) => queue(database).waitingInConversation(owner, conversation, 1),
    'an attempt that failed': (database) => queue(database).attemptFailed({ owner, id, client: 'k', refusal, nextAttempt: true }),
    'a message that leaves the queue': (database) => queue(database).remove(owner, id, []),
    'what has expired, and where the last look ended': (database) => queue(database).expired(1, 50),
    'the next expiry': (database) => queue(database).nextExpiry(1),
    'a message by its id': (database) => queue(database).find(id),
    'a list of one user': (database) => queue(database).list(owner, 10),
    'how many wait for a user': (database) => queue(database).count(owner),
    'keys whose window is over': (database) => queue(database).forgetKeys(1),
    'the newest keys': (database) => queue(database).recentKeys(1, 10),
    'what is owed now': (database) => new OutboxRows(database).due(1, 32),
    'what is owed next': (database) => new OutboxRows(database).nextDue(),
    'anonymous originators whose time is over': (database) => new AnonymousOriginatorRows(database).forgetExpired(1),
  };
  for (const [name, call] of Object.entries(calls)) it(name, async () => assert.deepEqual(await scansOf(call), []));

  it('the oldest messages are the first of an index, of which no more is read', async () => {
    const index = 'USING INDEX sqlite_autoindex_deferred_messages_1';
    assert.deepEqual(await scansOf((database) => queue(database).oldestArrival()), [`SCAN deferred_messages ${index}`]);
    assert.deepEqual(await scansOf((database) => queue(database).list(undefined, 10)), [`SCAN m ${index}`]);
  });

  it('what a start and an operator ask reads one small row a user', async () => {
    assert.deepEqual(await scansOf((database) => queue(database).owners()), ['SCAN queue_sizes']);
    assert.deepEqual(await scansOf((database) => queue(database).count()), ['SCAN queue_sizes']);
  });
});
