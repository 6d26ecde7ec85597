import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eachEngine, onPostgres } from '../testing/each-engine.ts';
import { commitOrThrow, outcomeOf, rowsOf, sql } from '../testing/statements.ts';
import { type Migration, migrate } from './migrate.ts';

const NOTES: Migration = {
  id: 1,
  name: 'notes',
  statements: ['CREATE TABLE note (id TEXT PRIMARY KEY, owner TEXT NOT NULL, body {{bytes}})', 'CREATE INDEX note_owner ON note (owner)'],
};
const SIZES: Migration = {
  id: 2,
  name: 'sizes of notes',
  statements: ['ALTER TABLE note ADD COLUMN size BIGINT NOT NULL DEFAULT 0', 'UPDATE note SET size = length(body) WHERE body IS NOT NULL'],
};
const OWNERS: Migration = {
  id: 3,
  name: 'owners',
  statements: [
    'CREATE TABLE owner (id TEXT PRIMARY KEY, notes BIGINT NOT NULL)',
    'INSERT INTO owner (id, notes) SELECT owner, COUNT(*) FROM note GROUP BY owner',
  ],
};
const ALL = [NOTES, SIZES, OWNERS];

eachEngine('migrations', (open) => {
  test('an empty database is brought to the last one, and is left alone the next time', async (t) => {
    const database = await open(t);
    assert.deepEqual(await migrate(database, ALL), { kind: 'migrated', applied: [1, 2, 3] });
    assert.deepEqual(await migrate(database, ALL), { kind: 'migrated', applied: [] });
    assert.deepEqual(await rowsOf(database, 'SELECT id, name FROM schema_migrations ORDER BY id'), [
      { id: 1, name: 'notes' },
      { id: 2, name: 'sizes of notes' },
      { id: 3, name: 'owners' },
    ]);
  });

  test('an older schema with data is brought forward, the data with it', async (t) => {
    const database = await open(t);
    assert.deepEqual(await migrate(database, [NOTES]), { kind: 'migrated', applied: [1] });
    const insert = 'INSERT INTO note (id, owner, body) VALUES (?, ?, ?)';
    await commitOrThrow(
      database,
      sql(insert, 'a', 'alice', new Uint8Array(5)),
      sql(insert, 'b', 'bob', null),
      sql(insert, 'c', 'alice', null),
    );
    assert.deepEqual(await migrate(database, ALL), { kind: 'migrated', applied: [2, 3] });
    assert.deepEqual(await rowsOf(database, 'SELECT id, size FROM note ORDER BY id'), [
      { id: 'a', size: 5 },
      { id: 'b', size: 0 },
      { id: 'c', size: 0 },
    ]);
    assert.deepEqual(await rowsOf(database, 'SELECT id, notes FROM owner ORDER BY id'), [
      { id: 'alice', notes: 2 },
      { id: 'bob', notes: 1 },
    ]);
  });

  test('a migration that fails is undone whole, those before it stand, and the corrected one goes on', async (t) => {
    const database = await open(t);
    const broken: Migration = { ...SIZES, statements: [...SIZES.statements, 'UPDATE absent SET id = 1'] };
    assert.equal(outcomeOf(await migrate(database, [NOTES, broken])), 'statement, lasting, not applied');
    assert.deepEqual(await rowsOf(database, 'SELECT id FROM schema_migrations'), [{ id: 1 }]);
    assert.deepEqual(await migrate(database, ALL), { kind: 'migrated', applied: [2, 3] });
  });

  test('a schema that is newer than the program is refused and not touched', async (t) => {
    const database = await open(t);
    await migrate(database, ALL);
    assert.deepEqual(await migrate(database, [NOTES]), { kind: 'schema-newer', databaseId: 3, programId: 1 });
  });

  test('a schema with another history is refused', async (t) => {
    const database = await open(t);
    await migrate(database, [NOTES, { ...SIZES, name: 'something else' }]);
    assert.deepEqual(await migrate(database, ALL), {
      kind: 'schema-differs',
      id: 2,
      databaseName: 'something else',
      programName: 'sizes of notes',
    });
  });

  test('several who start on one connection apply each migration once', async (t) => {
    const database = await open(t);
    const results = await Promise.all([1, 2, 3].map(() => migrate(database, ALL)));
    assert.deepEqual(appliedBy(results), [1, 2, 3]);
  });

  test('a list with a gap is a mistake of the program', async (t) => {
    const database = await open(t);
    await assert.rejects(migrate(database, [NOTES, OWNERS]), RangeError);
  });
});

onPostgres('migrations by several nodes', (open) => {
  test('nodes that start at once apply each migration once', async (t) => {
    const nodes = await Promise.all([open(t)]);
    nodes.push(await open(t), await open(t));
    const results = await Promise.all(nodes.map((node) => migrate(node, ALL)));
    assert.deepEqual(appliedBy(results), [1, 2, 3]);
    assert.deepEqual(await rowsOf(nodes[0] ?? assert.fail(), 'SELECT id FROM schema_migrations ORDER BY id'), [
      { id: 1 },
      { id: 2 },
      { id: 3 },
    ]);
  });
});

function appliedBy(results: readonly Awaited<ReturnType<typeof migrate>>[]): number[] {
  const applied = results.flatMap((result) => (result.kind === 'migrated' ? result.applied : assert.fail(outcomeOf(result))));
  return applied.toSorted((one, other) => one - other);
}
