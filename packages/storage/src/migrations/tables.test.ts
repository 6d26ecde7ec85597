import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eachEngine } from '../testing/each-engine.ts';
import { columnsOf, keyOf, tablesOf } from './catalogue.ts';
import { MIGRATIONS, migrate } from './index.ts';
import { TABLES } from './tables.ts';

eachEngine('the list of tables', (open) => {
  test('has every table that the migrations make, with its key, and no other', async (t) => {
    const database = await open(t);
    assert.equal((await migrate(database, MIGRATIONS)).kind, 'migrated');
    const made = await tablesOf(database);
    assert(!('kind' in made));
    const listed = TABLES.map(({ name }) => name);
    assert.deepEqual([...made].sort(), ['schema_migrations', ...listed].sort(), 'a new table belongs into tables.ts');
    for (const { name, key, octets } of TABLES) {
      assert.deepEqual(await keyOf(database, name), key, name);
      const columns = await columnsOf(database, name);
      assert(!('kind' in columns));
      if (octets !== undefined) assert.ok(columns.includes(octets), `${name}.${octets}`);
    }
  });
});
