/** The inputs that once found something: replayed in every test run, for ever. One file each, `<target>-<digest>.txt`. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const keptCorpusFolder = join(import.meta.dirname, 'corpus');

export interface KeptInput {
  readonly file: string;
  /** The name of the target that it was found with. */
  readonly target: string;
  readonly octets: Buffer;
}

export function keptInputs(folder = keptCorpusFolder): readonly KeptInput[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => file.endsWith('.txt'));
  return files.sort().map((file) => ({ file, target: file.split('-')[0] ?? '', octets: readFileSync(join(folder, file)) }));
}

/** Gives the name of the file. */
export function keepInput(target: string, octets: Buffer, folder = keptCorpusFolder): string {
  const file = `${target}-${createHash('sha256').update(octets).digest('hex').slice(0, 10)}.txt`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, file), octets);
  return file;
}
