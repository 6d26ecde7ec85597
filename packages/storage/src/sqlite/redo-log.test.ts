import assert from 'node:assert/strict';
import fs, { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { Statement } from '../database.ts';
import { testDirectory } from '../testing/each-engine.ts';
import { expecting, outcomeOf, sql } from '../testing/statements.ts';
import { SqliteConnection } from './connection.ts';
import { SqliteCore } from './core.ts';
import { SQLITE_LIMITS, type SqliteLimits } from './limits.ts';
import { StatementPacker } from './packed-statements.ts';

const CREATE = sql('CREATE TABLE note (number BIGINT PRIMARY KEY, body {{bytes}})');

function insert(number: number, octets = 100): Statement {
  return sql('INSERT INTO note (number, body) VALUES (?, ?)', number, new Uint8Array(octets));
}

/** An engine as the next process opens it. What is not ended by its test is ended after it. */
class Process {
  readonly core: SqliteCore;
  readonly #packer = new StatementPacker();
  #ended = false;

  constructor(t: TestContext, file: string, limits: Partial<SqliteLimits> = {}) {
    this.core = new SqliteCore(file, { ...SQLITE_LIMITS, ...limits });
    t.after(() => this.crash());
  }

  commit(...group: readonly (readonly Statement[])[]): readonly string[] {
    const octets = this.#packer.pack(group);
    return this.core.commitGroup(this.core.unpack(this.#packer.takeTexts(), octets)).map(outcomeOf);
  }

  numbers(): readonly unknown[] {
    const result = this.core.query(sql('SELECT number FROM note ORDER BY number'));
    if (result.kind === 'fault') throw result.cause;
    return result.rows.map((row) => row.number);
  }

  crash(): void {
    if (!this.#ended) this.core.crash();
    this.#ended = true;
  }

  close(): void {
    this.core.close();
    this.#ended = true;
  }
}

/** A file with the table, and the way to the next process that has it. */
function place(t: TestContext) {
  const file = join(testDirectory(t), 'test.db');
  const open = (limits?: Partial<SqliteLimits>) => new Process(t, file, limits);
  const first = open();
  assert.deepEqual(first.commit([CREATE]), ['committed']);
  first.close();
  return { file, redo: `${file}-redo`, open };
}

/** Replaces a function of node:fs for as long as `during` takes. */
function withFailing(name: 'fdatasyncSync' | 'writeSync', during: () => void): void {
  const real = fs[name];
  const fail = () => {
    throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
  };
  Object.assign(fs, { [name]: fail });
  syncBuiltinESMExports();
  try {
    during();
  } finally {
    Object.assign(fs, { [name]: real });
    syncBuiltinESMExports();
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('what SQLite has not committed', () => {
  test('is read again after a crash, and once', (t) => {
    const { open } = place(t);
    const first = open();
    for (const number of upTo(20))
      assert.deepEqual(first.commit([insert(2 * number)], [insert(2 * number + 1)]), ['committed', 'committed']);
    first.crash();
    const second = open();
    assert.deepEqual(second.numbers(), upTo(40));
    second.commit([insert(40)]);
    second.crash();
    const third = open();
    assert.deepEqual(third.numbers(), upTo(41));
  });

  test('is seen by reads before', (t) => {
    const process = place(t).open();
    process.commit([insert(0)]);
    assert.deepEqual(process.numbers(), [0]);
  });

  test('goes to the file a part at a time, and the log is filled from its beginning again', (t) => {
    const { redo, open } = place(t);
    const process = open({ redoBytes: 10_000 });
    for (const number of upTo(500)) process.commit([insert(number, 900)]);
    assert.ok(statSync(redo).size <= 65_536, `${statSync(redo).size} octets`);
    process.crash();
    assert.deepEqual(open().numbers(), upTo(500));
  });

  test('is all in the file after close, without a log', (t) => {
    const { redo, open } = place(t);
    const process = open();
    process.commit([insert(0)]);
    assert.equal(statSync(redo).mode & 0o777, 0o600);
    process.close();
    assert.equal(existsSync(redo), false);
    assert.deepEqual(open().numbers(), [0]);
  });

  test('is without what was undone: it is not tried again', (t) => {
    const { open } = place(t);
    const first = open();
    const guarded = expecting(1, sql('DELETE FROM note WHERE number = 99'));
    assert.deepEqual(first.commit([insert(0)], [guarded], [insert(1), guarded], [insert(0)], [insert(2)]), [
      'committed',
      'guard-failed',
      'guard-failed',
      'constraint, lasting, not applied',
      'committed',
    ]);
    first.crash();
    const second = open();
    assert.deepEqual(second.numbers(), [0, 2]);
    assert.deepEqual(second.commit([insert(99)]), ['committed']);
  });

  test('in a group of many parts: each batch ends as it would alone', (t) => {
    const { open } = place(t);
    const first = open();
    const outcomes = first.commit(...upTo(300).map((number) => [insert(number - (number % 100 === 99 ? 1 : 0)), insert(1000 + number)]));
    const expected = upTo(300).map((number) => (number % 100 === 99 ? 'constraint, lasting, not applied' : 'committed'));
    assert.deepEqual(outcomes, expected);
    const there = first.numbers();
    assert.equal(there.length, 594);
    first.crash();
    assert.deepEqual(open().numbers(), there);
  });

  test('comes back after a transaction that SQLite rolled back by itself', (t) => {
    const { open } = place(t);
    const process = open({ fileBytes: 100_000 });
    process.commit([insert(0)]);
    assert.deepEqual(process.commit([insert(1, 1_000_000)]), ['full, temporary, not applied']);
    assert.deepEqual(process.numbers(), [0]);
    assert.deepEqual(process.commit([insert(2)]), ['committed']);
    process.crash();
    assert.deepEqual(open().numbers(), [0, 2]);
  });

  test('is all there after a try to bring it back that failed half way', (t) => {
    const { open } = place(t);
    const process = open();
    for (const number of upTo(6)) process.commit([insert(number)]);
    process.core.query(sql('ROLLBACK'));
    const { run } = SqliteConnection.prototype;
    let inserts = 0;
    const full = t.mock.method(SqliteConnection.prototype, 'run', function (this: SqliteConnection, statement: Statement) {
      if (statement.sql.startsWith('INSERT') && ++inserts === 3) throw Object.assign(new Error('disk is full'), { errcode: 13 });
      return run.call(this, statement);
    });
    assert.deepEqual(process.commit([insert(6)]), ['full, temporary, not applied']);
    full.mock.restore();
    assert.deepEqual(process.numbers(), upTo(6));
    assert.deepEqual(process.commit([insert(6)]), ['committed']);
    process.crash();
    assert.deepEqual(open().numbers(), upTo(7));
  });

  test('stays in the log when it cannot be committed at the end', (t) => {
    const { redo, open } = place(t);
    const process = open();
    // The one way to make COMMIT itself fail without touching the disk: a foreign key that is looked at only then.
    process.core.query(sql('PRAGMA foreign_keys = ON'));
    process.commit([sql('CREATE TABLE child (number BIGINT REFERENCES note (number) DEFERRABLE INITIALLY DEFERRED)')]);
    assert.deepEqual(process.commit([sql('INSERT INTO child (number) VALUES (7)')], [insert(0)]), ['committed', 'committed']);
    assert.throws(() => process.core.settle(), /FOREIGN KEY constraint failed/);
    process.close();
    assert.equal(existsSync(redo), true);
    assert.deepEqual(open().numbers(), [0]);
  });
});

describe('a log that was cut off', () => {
  test('anywhere: what comes back is what was written up to there, in order', (t) => {
    const { file, redo, open } = place(t);
    const whole = open();
    for (const number of upTo(12)) whole.commit([insert(number)]);
    const ends = recordEnds(readFileSync(redo));
    whole.crash();
    const kept = join(testDirectory(t), 'kept.db');
    for (const name of ['', '-wal', '-redo']) if (existsSync(file + name)) copyFileSync(file + name, kept + name);
    assert.equal(ends.length, 12);
    for (let length = 0; length <= (ends.at(-1) ?? 0); length += 37) {
      for (const name of ['', '-wal', '-redo']) if (existsSync(kept + name)) copyFileSync(kept + name, file + name);
      truncateSync(redo, length);
      const next = open();
      assert.deepEqual(next.numbers(), upTo(ends.filter((end) => end <= length).length), `cut after ${length} octets`);
      next.crash();
    }
  });

  test('or whose last record is damaged is without that one', (t) => {
    const { redo, open } = place(t);
    const first = open();
    for (const number of upTo(3)) first.commit([insert(number)]);
    first.crash();
    const octets = readFileSync(redo);
    const last = (recordEnds(octets).at(-1) ?? 0) - 1;
    octets.writeUInt8(octets.readUInt8(last) ^ 1, last);
    writeFileSync(redo, octets);
    assert.deepEqual(open().numbers(), [0, 1]);
  });

  test('or left as it was when the file had it all already does nothing twice', (t) => {
    const { redo, open } = place(t);
    const first = open();
    for (const number of upTo(3)) first.commit([insert(number)]);
    const before = readFileSync(redo);
    first.close();
    writeFileSync(redo, before);
    const second = open();
    assert.deepEqual(second.numbers(), upTo(3));
    second.commit([insert(3)]);
    second.crash();
    assert.deepEqual(open().numbers(), upTo(4));
  });

  test('or that goes on where the database is not yet is refused', (t) => {
    const { file, redo, open } = place(t);
    const old = join(testDirectory(t), 'old.db');
    copyFileSync(file, old);
    const first = open();
    first.commit([insert(0)]);
    first.core.settle();
    first.commit([insert(1)]);
    first.crash();
    copyFileSync(redo, `${old}-redo`);
    const message = `${old}-redo goes on where the database is not yet: they do not belong together`;
    assert.throws(() => new Process(t, old), { name: 'DatabaseError', code: 'corrupt', message });
    assert.equal(existsSync(`${old}-redo`), true);
  });

  test('or that no file can be is refused by its name', (t) => {
    const { redo, open } = place(t);
    mkdirSync(redo);
    assert.throws(() => open(), { code: 'input-output', message: /test\.db-redo/ });
  });
});

describe('a disk that fails', () => {
  test('while the record is written: not applied, and the next one is', (t) => {
    const { open } = place(t);
    const process = open();
    process.commit([insert(0)]);
    withFailing('writeSync', () => assert.deepEqual(process.commit([insert(1)]), ['input-output, temporary, not applied']));
    assert.deepEqual(process.numbers(), [0]);
    assert.deepEqual(process.commit([insert(2)]), ['committed']);
    process.crash();
    assert.deepEqual(open().numbers(), [0, 2]);
  });

  test('while it is flushed: nobody knows; what came before is committed in SQLite before more is taken', (t) => {
    const { redo, open } = place(t);
    const process = open();
    process.commit([insert(0)]);
    withFailing('fdatasyncSync', () => assert.deepEqual(process.commit([insert(1)]), ['input-output, temporary, outcome unknown']));
    assert.deepEqual(process.numbers(), [0]);
    assert.deepEqual(process.commit([insert(2)]), ['committed']);
    const octets = readFileSync(redo);
    assert.equal(recordEnds(octets).length, 1);
    process.crash();
    assert.deepEqual(open().numbers(), [0, 2]);
  });
});

/** Where the records of a log end that was written once. */
function recordEnds(log: Buffer): readonly number[] {
  const ends: number[] = [];
  for (let at = 0; at + 12 < log.length; ) {
    const length = log.readUInt32LE(at + 4);
    if (length === 0 || (ends.length > 0 && log.readUInt32LE(at + 8) !== log.readUInt32LE(8) + ends.length)) break;
    at += 12 + length;
    ends.push(at);
  }
  return ends;
}
