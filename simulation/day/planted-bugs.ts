import type { ServerPlatform } from '@opencpm/server';
import type { Clock } from '@opencpm/sip';
import type { Database, SqlValue, Statement } from '@opencpm/storage';
import type { World } from '../world.ts';
import type { Spoil } from './run-day.ts';

/**
 * Faults that a server could have, put between it and its platform: a checker that does not find them is none. Each says
 * which checker must.
 */
export interface PlantedBug {
  readonly name: string;
  readonly found: readonly string[];
  /** A day that has shown it, to be lived first: none of those before it has. */
  readonly day: number;
  readonly spoil: Spoil;
}

/** What is not yet on the disk when it is answered is gone for so long behind a commit. Milliseconds. */
const unsafeMilliseconds = 3000;

export const plantedBugs: readonly PlantedBug[] = [
  { name: 'answers before the commit', found: ['nothing is lost', 'the queue is kept'], day: 13, spoil: answersBeforeCommit },
  { name: 'drops what is owed at its start', found: ['nothing is lost'], day: 26, spoil: dropsOwed },
  { name: 'forgets the duplicate key', found: ['nothing is doubled'], day: 44, spoil: (world) => rewrites(world, forgetsKeys) },
  { name: 'deletes before the client’s 2xx', found: ['the queue is kept', 'nothing is lost'], day: 1, spoil: deletesFirst },
  { name: 'extends an expiry', found: ['the queue is kept'], day: 1, spoil: (world) => rewrites(world, extendsExpiry) },
  { name: 'leaks an identity', found: ['privacy is kept'], day: 1, spoil: (world) => rewrites(world, leaksIdentity) },
  { name: 'leaves a timer', found: ['quiet is quiet'], day: 1, spoil: leavesTimers },
];

/** What was committed just before a crash is not there behind it. */
function answersBeforeCommit(world: World): void {
  let unsafe: { readonly id: SqlValue; readonly at: number }[] = [];
  onDatabase(world, (inner) => {
    const lost = unsafe.filter(({ at }) => at > world.clock.now() - unsafeMilliseconds - longestDown);
    unsafe = [];
    const undone = lost.map(({ id }): Statement => ({ sql: 'DELETE FROM deferred_messages WHERE message_uri_id = ?', parameters: [id] }));
    const opened = inner.commit(undone);
    return {
      ...through(inner),
      query: async (statement) => {
        await opened;
        return inner.query(statement);
      },
      commit: async (batch) => {
        await opened;
        const result = await inner.commit(batch);
        const now = world.clock.now();
        unsafe = unsafe.filter(({ at }) => at > now - unsafeMilliseconds);
        for (const { sql, parameters } of batch) {
          if (sql.includes('INSERT INTO deferred_messages ')) unsafe.push({ id: messageUriIdIn(parameters), at: now });
        }
        return result;
      },
    };
  });
}

/** A server of a day is down for less. Milliseconds. */
const longestDown = 5000;

function messageUriIdIn(parameters: readonly SqlValue[]): SqlValue {
  return parameters.find((value) => typeof value === 'string' && /^sip:[0-9a-f]{14}-/.test(value)) ?? null;
}

function dropsOwed(world: World): void {
  onDatabase(world, (inner) => {
    const dropped = inner.commit([{ sql: 'DELETE FROM outbox', parameters: [] }]);
    return {
      ...through(inner),
      query: async (statement) => {
        await dropped;
        return inner.query(statement);
      },
    };
  });
}

/** As soon as what waits is read to be sent, it is taken off. */
function deletesFirst(world: World): void {
  onDatabase(world, (inner) => ({
    ...through(inner),
    query: async (statement) => {
      const result = await inner.query(statement);
      if (result.kind === 'rows' && /LEFT JOIN deferred_attempts a .* a\.client = /s.test(statement.sql)) {
        const ids = result.rows.map((row) => row.message_uri_id ?? null);
        const deletion = (id: SqlValue): Statement => ({ sql: 'DELETE FROM deferred_messages WHERE message_uri_id = ?', parameters: [id] });
        await inner.commit(ids.map(deletion));
      }
      return result;
    },
  }));
}

function forgetsKeys(statement: Statement): readonly Statement[] {
  if (!statement.sql.includes('INSERT INTO stored_messages ')) return [statement];
  return [{ sql: 'DELETE FROM stored_messages WHERE owner = ?', parameters: ['nobody'] }];
}

function extendsExpiry(statement: Statement): readonly Statement[] {
  if (!statement.sql.includes('INSERT INTO deferred_attempts ')) return [statement];
  return [statement, { sql: 'UPDATE deferred_messages SET expires_at = expires_at + 60000', parameters: [] }];
}

function leaksIdentity(statement: Statement): readonly Statement[] {
  if (!statement.sql.includes('INSERT INTO deferred_messages ')) return [statement];
  const parameters = statement.parameters.map((value) => {
    if (!(value instanceof Uint8Array)) return value;
    // As long as what it stands for, so that all lengths stay true.
    const text = Buffer.from(value).toString('latin1').replaceAll('sip:anonymous@anonymous', 'sip:vera.vera@anonymous');
    return Uint8Array.from(Buffer.from(text, 'latin1'));
  });
  return [{ ...statement, parameters }];
}

function rewrites(world: World, rewrite: (statement: Statement) => readonly Statement[]): void {
  onDatabase(world, (inner) => ({ ...through(inner), commit: (batch) => inner.commit(batch.flatMap(rewrite)) }));
}

function leavesTimers(world: World): void {
  onPlatform(world, (platform) => {
    const clock: Clock = {
      now: () => platform.clock.now(),
      wakeAt: (time, wake) => {
        let cancelled = false;
        platform.clock.wakeAt(time, () => {
          if (!cancelled) wake();
        });
        return () => {
          cancelled = true;
        };
      },
    };
    return { ...platform, clock };
  });
}

function onDatabase(world: World, spoiled: (inner: Database) => Database): void {
  onPlatform(world, (platform) => ({
    ...platform,
    openDatabase: async (url, options) => spoiled(await platform.openDatabase(url, options)),
  }));
}

function onPlatform({ server }: World, spoiled: (platform: ServerPlatform) => ServerPlatform): void {
  server.spoil = spoiled;
}

function through(inner: Database): Database {
  return {
    engine: inner.engine,
    query: (statement) => inner.query(statement),
    commit: (batch) => inner.commit(batch),
    close: () => inner.close(),
  };
}
