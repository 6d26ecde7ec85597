import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { Reproduction } from './reproduce/reproduce-row.ts';
import { reproduceRows } from './reproduce/reproduce-rows.ts';
import { sections } from './table.ts';

/** All rows run together, as they share servers; each test waits for its own. */
const ended = new Map<string, PromiseWithResolvers<Reproduction>>();
for (const { rows } of sections) for (const { id } of rows) ended.set(id, Promise.withResolvers());
const allRows = sections.flatMap(({ rows }) => rows);
const running = reproduceRows(allRows, (reproduction) => ended.get(reproduction.row.id)?.resolve(reproduction));
// A server that does not start fails the rows that wait for it.
running.catch((error) => {
  for (const { reject } of ended.values()) reject(error);
});

for (const { title, rows } of sections) {
  describe(`answers of a running server: ${title}`, () => {
    for (const { id, situation, clauses } of rows) {
      it(`${situation} [${id}] (${clauses.join(', ')})`, async () => {
        const reproduction = await ended.get(id)?.promise;
        assert.equal(reproduction?.problem, undefined);
        assert.deepEqual(reproduction?.seen, reproduction?.expected);
      });
    }
  });
}

after(() => running);
