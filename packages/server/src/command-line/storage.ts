import { existsSync } from 'node:fs';
import type { CopyOptions, CopySide, Database, TableRows } from '@opencpm/storage';
import { Command } from 'commander';
import { z } from 'zod';

import { databaseFile, parseStorageLocation, resolveStorage, storageForm } from '../configuration/storage-location.ts';
import { copyFailure, openingText } from './copy-failure.ts';
import { done, exitCodes, type Failure, failed, type Outcome } from './outcome.ts';
import type { Output } from './output.ts';
import type { RunCommand } from './run-command.ts';
import type { CommandRun } from './surroundings.ts';

const copyExamples = `
Examples:
  opencpm storage copy --from sqlite:./data/opencpm.db --to postgres://opencpm@db.example.net/opencpm
  PGPASSWORD=… opencpm storage copy …     a password that is in no list of processes`;

/** `opencpm storage …`: the databases themselves, while no server uses them. */
export function storageCommand(runCommand: RunCommand): Command {
  const copy = new Command('copy')
    .requiredOption('--from <storage>', `where the installation is: ${storageForm}`)
    .requiredOption('--to <storage>', 'an empty database, which gets everything')
    .option('--overwrite', 'empty what an interrupted copy has left in the target (nothing else is ever overwritten)', false)
    .description('Copies a whole installation into another database, while no server uses either. The source stays as it is.')
    .addHelpText('after', copyExamples)
    .action(runCommand(copyStorage));
  return new Command('storage').description('Databases of installations').addCommand(copy);
}

const copyOptions = z.object({ from: z.string(), to: z.string(), overwrite: z.boolean() });

async function copyStorage(run: CommandRun): Promise<Outcome<void>> {
  const { from, to, overwrite } = copyOptions.parse(run.options);
  const [source, target] = [from, to].map((text) => locate(text, run.surroundings.directory));
  if (source === undefined || target === undefined) {
    return failed(exitCodes.usage, `${source === undefined ? '--from' : '--to'} must be ${storageForm}.`);
  }
  if (source === target) return failed(exitCodes.usage, '--from and --to are the same database.');
  const file = databaseFile(source);
  if (file !== undefined && !existsSync(file)) return failed(exitCodes.refused, `There is no database ${file} to copy from.`);
  return copyBetween({ source, target, overwrite }, run.output);
}

/** With an absolute path; undefined when it is no storage. */
function locate(text: string, directory: string): string | undefined {
  const location = parseStorageLocation(text);
  return location === undefined ? undefined : resolveStorage(location, directory);
}

interface Between {
  readonly source: string;
  readonly target: string;
  readonly overwrite: boolean;
}

async function copyBetween({ source, target, overwrite }: Between, output: Output): Promise<Outcome<void>> {
  const opened: Database[] = [];
  try {
    const from = await open(source, 'source', opened);
    if ('kind' in from) return from;
    const to = await open(target, 'target', opened);
    if ('kind' in to) return to;
    const { copyInstallation } = await import('@opencpm/storage');
    const result = await copyInstallation(from, to, { overwrite, progress: progressOn(output) });
    if (result.kind !== 'copied') return failed(...copyFailure(result));
    const rows = result.tables.reduce((sum, table) => sum + table.rows, 0);
    output.report({ rows, tables: Object.fromEntries(result.tables.map((table) => [table.table, table.rows])) }, copiedText(rows, result));
    return done(undefined);
  } finally {
    for (const database of opened) await database.close();
  }
}

async function open(url: string, side: CopySide, opened: Database[]): Promise<Database | Failure> {
  const { openDatabase } = await import('@opencpm/storage');
  try {
    const database = await openDatabase(url, { exclusive: true, createDirectory: side === 'target' });
    opened.push(database);
    return database;
  } catch (error) {
    return failed(exitCodes.fault, openingText(side, error));
  }
}

function copiedText(rows: number, { tables }: { readonly tables: readonly TableRows[] }): string {
  return `Copied ${rows} rows of ${tables.length} tables, and counted them. Give the new storage to the server now, and start it.`;
}

/** How many rows of a large table lie between two lines. */
const progressRows = 50_000;

/** A line for each table that has rows, and more of them while a large one is copied. */
function progressOn(output: Output): NonNullable<CopyOptions['progress']> {
  let next = progressRows;
  return (table, rows, ended) => {
    if (ended) next = progressRows;
    if (ended ? rows === 0 : rows < next) return;
    if (!ended) next = rows + progressRows;
    output.progress(`${table}: ${rows} rows${ended ? '' : ' …'}`);
  };
}
