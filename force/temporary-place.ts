import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/** A new empty folder, and what is to be undone before it goes. */
export interface TemporaryPlace {
  readonly folder: string;
  /** Undone last in, first out. */
  after(undo: () => Promise<unknown>): void;
}

/** The folder goes also when this process is told to end meanwhile. What cannot be undone keeps nothing else from being undone. */
export async function inTemporaryPlace<T>(use: (place: TemporaryPlace) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'opencpm-force-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  const undoing: (() => Promise<unknown>)[] = [];
  try {
    return await use({ folder, after: (undo) => void undoing.push(undo) });
  } finally {
    await undoAll(undoing);
    process.off('exit', remove);
    remove();
  }
}

/** Throws the first error when all is done. */
async function undoAll(undoing: readonly (() => Promise<unknown>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const undo of undoing.toReversed()) await undo().catch((error: unknown) => errors.push(error));
  if (errors.length > 0) throw errors[0];
}
