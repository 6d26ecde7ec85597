import { openSqlite } from '../sqlite/engine.ts';
import { commitOrThrow, outcomeOf, sql } from './statements.ts';

/**
 * A program for tests: commits notes to the SQLite file that it is given, 16 in flight, and writes a line with the id
 * after each acknowledgement. It goes on until it is killed or a commit fails, and says how.
 */

const IN_FLIGHT = 16;
const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('which file?');

const database = await openSqlite({ file });
await commitOrThrow(database, sql('CREATE TABLE note (id TEXT PRIMARY KEY, body {{bytes}})'));
let last = 0;
let outcome = 'committed';
await Promise.all(Array.from({ length: IN_FLIGHT }, commitOneAfterAnother));
process.stdout.write(`${outcome}\n`);
await database.close();

async function commitOneAfterAnother(): Promise<void> {
  while (outcome === 'committed') {
    last += 1;
    const id = String(last);
    const result = await database.commit([sql('INSERT INTO note (id, body) VALUES (?, ?)', id, new Uint8Array(600))]);
    if (result.kind === 'committed') process.stdout.write(`${id}\n`);
    else outcome = outcomeOf(result);
  }
}
