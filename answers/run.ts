/**
 * `npm run answers`: reproduces every row of the answer table against running servers, a line each, and ends with
 * `N reproduced, M not`. `npm run answers -- ROW-ID …` reproduces those rows and shows what went over the wire.
 */
import process from 'node:process';
import { methodOf } from '../conformance/framework/wire-message.ts';
import { setUpOf } from './page.ts';
import { isReproduced, type Reproduction } from './reproduce/reproduce-row.ts';
import { reproduceRows } from './reproduce/reproduce-rows.ts';
import { rows } from './table.ts';

const exitCodes = { reproduced: 0, not: 1, usage: 2 } as const;

process.exit(await main(process.argv.slice(2)));

async function main(wanted: readonly string[]): Promise<number> {
  const unknown = wanted.filter((id) => !rows.some((row) => row.id === id));
  if (unknown.length > 0) {
    say(`There is no row ${unknown.join(', ')}. Rows:\n${rows.map(({ id }) => `  ${id}`).join('\n')}`);
    return exitCodes.usage;
  }
  const chosen = rows.filter(({ id }) => wanted.length === 0 || wanted.includes(id));
  let reproduced = 0;
  await reproduceRows(chosen, (reproduction) => {
    if (isReproduced(reproduction)) reproduced += 1;
    if (wanted.length > 0) say(scenery(reproduction));
    say(verdict(reproduction));
  });
  say(`${reproduced} reproduced, ${chosen.length - reproduced} not`);
  return reproduced === chosen.length ? exitCodes.reproduced : exitCodes.not;
}

function verdict(reproduction: Reproduction): string {
  const { row, expected, seen, problem } = reproduction;
  if (isReproduced(reproduction)) return `as said  ${row.id}: ${text(expected)}`;
  return [`NOT      ${row.id}`, `  expected: ${text(expected)}`, `  seen:     ${seen === undefined ? problem : text(seen)}`].join('\n');
}

function text({ answer, kept, notification }: Reproduction['expected']): string {
  return `${answer} | kept: ${kept} | notification: ${notification}`;
}

/** The row, what was set up, and every message as it stood on the wire; OPTIONS were only there to wait for the rest. */
function scenery({ row, commands, wire }: Reproduction): string {
  const shown = wire.filter(({ message }) => methodOf(message) !== 'OPTIONS');
  const messages = shown.map(({ at, direction, octets }) => `--- ${at} ${direction}\n${octets.trimEnd().replaceAll('\r\n', '\n')}`);
  const asked = commands.map((words) => `$ opencpm ${words.map((word) => (word.includes(' ') ? `'${word}'` : word)).join(' ')}`);
  return [row.situation, ...setUpOf(row).map((entry) => `  ${entry}`), ...asked, ...messages, ''].join('\n');
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
