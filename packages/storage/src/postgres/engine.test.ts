import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import pg from 'pg';
import type { Database } from '../database.ts';
import { onPostgres, postgresUrl } from '../testing/each-engine.ts';
import { startPostgres } from '../testing/postgres-fixture.ts';
import { commitOrThrow, expecting, outcomeOf, rowsOf, sql } from '../testing/statements.ts';
import { openPostgres } from './engine.ts';

const CREATE = sql('CREATE TABLE note (id TEXT PRIMARY KEY, size BIGINT)');

function insert(id: string) {
  return sql('INSERT INTO note (id, size) VALUES (?, 0)', id);
}

async function openAt(t: TestContext, url: string, limits = {}): Promise<Database> {
  const database = await openPostgres({ url, limits });
  t.after(() => database.close());
  return database;
}

/** A client of the test's own, which the engine knows nothing of. */
async function otherClient(t: TestContext): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: await postgresUrl(t) });
  await client.connect();
  t.after(() => client.end());
  return client;
}

const ENGINE_CONNECTIONS = "FROM pg_stat_activity WHERE application_name = 'opencpm' AND datname = current_database()";

/** Answers when so many of the engine's connections wait for a lock. */
async function waitingForLock(client: pg.Client, connections: number): Promise<void> {
  for (;;) {
    const waiting = await client.query(`SELECT pid ${ENGINE_CONNECTIONS} AND wait_event_type = 'Lock'`);
    if (waiting.rows.length === connections) return;
  }
}

/** What a relay makes of answers of the server on their way to the engine. */
type Relayed = (answer: Buffer, client: Socket) => void;

/** The URL of a relay to the server. */
async function relayTo(t: TestContext, relayed: Relayed): Promise<string> {
  const url = new URL(await postgresUrl(t));
  const upstreamPort = Number(url.port);
  const relay = createServer((client) => {
    const upstream = connect(upstreamPort, url.hostname);
    client.on('data', (sent) => upstream.write(sent));
    upstream.on('data', (answer) => relayed(answer, client));
    client.on('error', () => undefined).on('close', () => upstream.destroy());
    upstream.on('error', () => undefined).on('close', () => client.destroy());
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  t.after(() => relay.close());
  const address = relay.address();
  if (address === null || typeof address === 'string') throw new Error('the relay listens on no port');
  url.port = String(address.port);
  return url.href;
}

/** A relay that breaks the connection instead of handing over the answer to COMMIT. */
function relayWithoutCommitAnswer(t: TestContext): Promise<string> {
  return relayTo(t, (answer, client) => (answer.includes('COMMIT') ? client.destroy() : client.write(answer)));
}

onPostgres('durability', () => {
  test('synchronous_commit is switched on where the server has it off', async (t) => {
    const url = `${await postgresUrl(t)}?options=-c%20synchronous_commit%3Doff`;
    const database = await openAt(t, url);
    assert.deepEqual(await rowsOf(database, 'SHOW synchronous_commit'), [{ synchronous_commit: 'on' }]);
  });

  test('a server that does not flush is refused', async (t) => {
    const careless = await startPostgres(['fsync=off']);
    t.after(() => careless.stop());
    await assert.rejects(openPostgres({ url: careless.url('postgres') }), { code: 'settings', message: /fsync=off/ });
  });

  test('a server that is not there is refused, and so is a database that is not', async (t) => {
    const absent = new URL(await postgresUrl(t));
    absent.pathname = '/absent';
    await assert.rejects(openPostgres({ url: absent.href }), { name: 'DatabaseError', code: 'connection' });
    await assert.rejects(openPostgres({ url: 'postgres://127.0.0.1:1/none' }), { name: 'DatabaseError', code: 'connection' });
  });
});

onPostgres('faults', (open) => {
  test('a connection that breaks before COMMIT is a temporary fault with a known outcome', async (t) => {
    const database = await open(t);
    await commitOrThrow(database, CREATE, insert('a'));
    const other = await otherClient(t);
    await other.query("BEGIN; UPDATE note SET size = 1 WHERE id = 'a'");
    const commit = database.commit([insert('b'), expecting(1, sql('UPDATE note SET size = 2 WHERE id = ?', 'a'))]);
    await waitingForLock(other, 1);
    await other.query(`SELECT pg_terminate_backend(pid) ${ENGINE_CONNECTIONS}`);
    assert.equal(outcomeOf(await commit), 'connection, temporary, not applied');
    await other.query('ROLLBACK');
    assert.deepEqual(await rowsOf(database, 'SELECT id, size FROM note'), [{ id: 'a', size: 0 }]);
  });

  for (const [kind, batch] of [
    ['in a flight of its own', [expecting(1, insert('a')), insert('b')]],
    ['in the flight of the batch', [insert('a'), insert('b')]],
  ] as const) {
    test(`when the answer to COMMIT is lost, sent ${kind}, the outcome is unknown`, async (t) => {
      const direct = await open(t);
      await commitOrThrow(direct, CREATE);
      const database = await openAt(t, await relayWithoutCommitAnswer(t));
      assert.equal(outcomeOf(await database.commit(batch)), 'connection, temporary, outcome unknown');
      assert.deepEqual(await rowsOf(direct, 'SELECT id FROM note ORDER BY id'), [{ id: 'a' }, { id: 'b' }]);
      // The next call gets a new connection.
      assert.deepEqual(await rowsOf(database, 'SELECT COUNT(*) AS n FROM note'), [{ n: 2 }]);
    });
  }

  test('rows that cannot be read do not make a committed batch look undone', async (t) => {
    const database = await open(t);
    await commitOrThrow(database, CREATE);
    const unreadable = sql('INSERT INTO note (id, size) VALUES (?, 9007199254740993) RETURNING size', 'a');
    assert.equal(outcomeOf(await database.commit([unreadable])), 'statement, lasting, outcome unknown');
    assert.equal(outcomeOf(await database.commit([sql('DELETE FROM note'), expecting(1, unreadable)])), 'statement, lasting, not applied');
    assert.deepEqual(await rowsOf(database, 'SELECT id FROM note'), [{ id: 'a' }]);
  });

  test('of two batches that lock each other out one is done, the other may be tried again', async (t) => {
    const database = await open(t);
    await commitOrThrow(database, CREATE, insert('a'), insert('b'));
    const update = (id: string) => sql('UPDATE note SET size = size + 1 WHERE id = ?', id);
    const slowly = sql('SELECT pg_advisory_xact_lock_shared(1)');
    const other = await otherClient(t);
    await other.query('SELECT pg_advisory_lock(1)');
    const commits = [database.commit([update('a'), slowly, update('b')]), database.commit([update('b'), slowly, update('a')])];
    await waitingForLock(other, 2);
    await other.query('SELECT pg_advisory_unlock(1)');
    const outcomes = (await Promise.all(commits)).map(outcomeOf);
    assert.deepEqual(outcomes.toSorted(), ['busy, temporary, not applied', 'committed']);
  });

  test('a statement beyond its time is a temporary fault', async (t) => {
    const database = await openAt(t, await postgresUrl(t), { statementMilliseconds: 50 });
    assert.equal(outcomeOf(await database.query(sql('SELECT 1 AS one FROM pg_sleep(60)'))), 'busy, temporary, not applied');
    assert.deepEqual(await rowsOf(database, 'SELECT 1 AS one'), [{ one: 1 }]);
  });

  test('a connection on which no answer comes is given up, and another one is taken', async (t) => {
    let isSilent = false;
    const url = await relayTo(t, (answer, client) => (isSilent ? undefined : client.write(answer)));
    const database = await openAt(t, url, { connections: 1, statementMilliseconds: 50, answerMilliseconds: 50 });
    await commitOrThrow(database, CREATE);
    isSilent = true;
    assert.equal(outcomeOf(await database.query(sql('SELECT ? AS one', 'x'))), 'connection, temporary, not applied');
    assert.equal(outcomeOf(await database.commit([insert('a'), insert('b')])), 'connection, temporary, not applied');
    isSilent = false;
    assert.deepEqual(await rowsOf(database, 'SELECT 1 AS one'), [{ one: 1 }]);
  });

  test('past the number of waiting calls a call is answered at once', async (t) => {
    const database = await openAt(t, await postgresUrl(t), { waitingCalls: 2 });
    await commitOrThrow(database, CREATE);
    const results = await Promise.all(['a', 'b', 'c'].map((id) => database.commit([insert(id)])));
    assert.deepEqual(results.map(outcomeOf), ['committed', 'committed', 'overload, temporary, not applied']);
  });
});

/** How many writes to sockets it takes; they are done as ever. */
async function writesOf(work: () => Promise<unknown>): Promise<number> {
  let writes = 0;
  const { _write: one, _writev: several } = Socket.prototype;
  assert(several !== undefined);
  Socket.prototype._write = function (...given) {
    writes += 1;
    one.apply(this, given);
  };
  Socket.prototype._writev = function (...given) {
    writes += 1;
    several.apply(this, given);
  };
  try {
    await work();
    return writes;
  } finally {
    Object.assign(Socket.prototype, { _write: one, _writev: several });
  }
}

onPostgres('a flight', (open) => {
  test('is written at once: a batch in one write, with guards in two', async (t) => {
    const database = await open(t);
    await commitOrThrow(database, CREATE);
    const batch = (id: string) => ['a', 'b', 'c', 'd'].map((part) => insert(`${id}${part}`));
    const guarded = (id: string) => batch(id).map((statement) => expecting(1, statement));
    // Two of each first: the statement is prepared by then.
    for (const id of ['1', '2']) await commitOrThrow(database, ...batch(id));
    assert.equal(await writesOf(() => commitOrThrow(database, ...batch('3'))), 1);
    assert.equal(await writesOf(() => commitOrThrow(database, ...guarded('4'))), 2);
    assert.deepEqual(await rowsOf(database, 'SELECT COUNT(*) AS n FROM note'), [{ n: 16 }]);
  });
});

onPostgres('a connection after a fault', () => {
  for (const [kind, around] of [
    ['alone', []],
    ['in a batch', [insert('b'), insert('c')]],
    ['in a batch with guards', [expecting(1, insert('b')), insert('c')]],
  ] as const) {
    test(`a statement that fails ${kind} leaves nothing behind on its connection, prepared or not`, async (t) => {
      const database = await openAt(t, await postgresUrl(t), { connections: 1 });
      await commitOrThrow(database, CREATE, insert('a'));
      // The first is not prepared yet, the second is prepared by what fails, the third has it prepared, or not.
      for (let time = 1; time <= 3; time += 1) {
        const [before, after] = [around.slice(0, 1), around.slice(1)];
        assert.equal(outcomeOf(await database.commit([...before, insert('a'), ...after])), 'constraint, lasting, not applied');
        assert.deepEqual(await rowsOf(database, 'SELECT id FROM note WHERE size = ?', 0), [{ id: 'a' }]);
      }
      await commitOrThrow(database, insert('d'));
      assert.deepEqual(await rowsOf(database, 'SELECT id FROM note ORDER BY id'), [{ id: 'a' }, { id: 'd' }]);
    });
  }

  test('a text that the server cannot read fails alone, under its name too', async (t) => {
    const database = await openAt(t, await postgresUrl(t), { connections: 1 });
    for (let time = 1; time <= 3; time += 1) {
      assert.match(outcomeOf(await database.query(sql('SELEKT ? AS one', 'x'))), /^statement, lasting/);
      assert.deepEqual(await rowsOf(database, 'SELECT ? AS one', 'x'), [{ one: 'x' }]);
    }
  });

  test('a guard that failed decides over the error that came of it', async (t) => {
    const database = await openAt(t, await postgresUrl(t), { connections: 1 });
    await commitOrThrow(database, CREATE, insert('a'));
    const guard = expecting(1, sql('UPDATE note SET size = 1 WHERE id = ?', 'z'));
    assert.deepEqual(await database.commit([insert('b'), guard, insert('a')]), { kind: 'guard-failed', statement: 1, rowCount: 0 });
    assert.deepEqual(await rowsOf(database, 'SELECT id FROM note'), [{ id: 'a' }]);
  });
});

onPostgres('having a database alone', (open) => {
  test('it is refused while somebody is connected, and refuses everybody until it ends', async (t) => {
    const url = await postgresUrl(t);
    const server = await open(t);
    await assert.rejects(openPostgres({ url, exclusive: true }), { code: 'held', message: /^a server uses/ });
    await server.close();
    const alone = await openPostgres({ url, exclusive: true });
    await assert.rejects(openPostgres({ url }), { code: 'held', message: /^another program has/ });
    await assert.rejects(openPostgres({ url, exclusive: true }), { code: 'held' });
    assert.deepEqual(await Promise.all([1, 2, 3].map((one) => rowsOf(alone, 'SELECT ? AS one', String(one)))), [
      [{ one: '1' }],
      [{ one: '2' }],
      [{ one: '3' }],
    ]);
    await alone.close();
    assert.deepEqual(await rowsOf(await open(t), 'SELECT 1 AS one'), [{ one: 1 }]);
  });
});
