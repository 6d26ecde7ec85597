import { closeSync, constants, fdatasyncSync, fstatSync, fsyncSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Statement } from '../database.ts';
import { DatabaseError } from '../database-error.ts';
import { OctetReader, OctetWriter } from './octets.ts';
import { type NumberedText, type PackedBatch, StatementUnpacker } from './packed-statements.ts';

/**
 * What was acknowledged and SQLite has not committed yet. A group of batches is one record, a record is durable before
 * the group is answered, and a transaction of SQLite takes hundreds of them: that writes a page once which each group
 * would have written again (docs/decisions/0006).
 *
 *     record = crc32-of-the-rest:32 length-of-the-rest-but-this-and-the-next:32 sequence:32 payload
 *     payload = count-of-texts:16 *( number:16 text ) batches
 *
 * Records are numbered without end, modulo 2^32. The database keeps the number of the last one that it has, so what is
 * read again is what comes behind that, up to the first record that is torn, or older than the one before it: the file is
 * written from its beginning again when all its records are in the database.
 */
export class RedoLog {
  readonly #path: string;
  readonly #file: number;
  readonly #writer = new OctetWriter();
  /** The texts of SQL that this fill of the file has. */
  readonly #told = new Set<number>();
  #allocated: number;
  #end = 0;
  #sequence: number;
  #isDoubtful = false;

  /** `sequence` is the number of the last record that the database has. Throws a `DatabaseError`. */
  constructor(path: string, sequence: number) {
    this.#path = path;
    this.#sequence = sequence;
    try {
      this.#file = openPrivately(path);
      this.#allocated = fstatSync(this.#file).size;
    } catch (thrown) {
      throw fileError(thrown);
    }
  }

  /** The number of the last record, 32 bits. */
  get sequence(): number {
    return this.#sequence;
  }

  get isEmpty(): boolean {
    return this.#end === 0;
  }

  /** Octets of the records. */
  get octets(): number {
    return this.#end;
  }

  /** True when a flush has failed: the next one may succeed without having written what this one had to. */
  get isDoubtful(): boolean {
    return this.#isDoubtful;
  }

  /**
   * The statements that an earlier process has left behind the `sequence` it was opened with, batch by batch; the next
   * record goes behind them. Throws a `DatabaseError`: `corrupt` when the records before them are missing.
   */
  *left(): Iterable<readonly Statement[]> {
    const unpacker = new StatementUnpacker();
    const known = this.#sequence;
    for (const record of this.#records(this.#allocated)) {
      if (this.#end === 0 && ((record.sequence - known) | 0) > 1) throw this.#gap();
      yield* statementsOf(record, unpacker, known);
      this.#end = record.end;
      this.#sequence = record.sequence;
    }
  }

  /** The statements of this process's records behind `sequence`, batch by batch. */
  *since(sequence: number): Iterable<readonly Statement[]> {
    const unpacker = new StatementUnpacker();
    for (const record of this.#records(this.#end)) yield* statementsOf(record, unpacker, sequence);
  }

  /** Durable when it returns. Throws a `DatabaseError`; then the group is not in the log, or, after a failed flush, may be. */
  append(group: readonly PackedBatch[], texts: StatementUnpacker): void {
    const sequence = (this.#sequence + 1) >>> 0;
    const told = this.#write(group, texts, sequence);
    const record = this.#writer.view();
    try {
      this.#allocate(this.#end + record.length);
      writeAll(this.#file, record, this.#end);
    } catch (thrown) {
      throw fileError(thrown);
    }
    this.#flush();
    this.#end += record.length;
    this.#sequence = sequence;
    for (const number of told) this.#told.add(number);
    this.#writer.clear();
  }

  /** All records are durable in the database: the next one goes to the beginning. */
  restart(): void {
    this.#end = 0;
    this.#told.clear();
    this.#isDoubtful = false;
  }

  close(): void {
    closeSync(this.#file);
  }

  /** Closes it and, as all its records are durable in the database, removes it. */
  remove(): void {
    this.close();
    rmSync(this.#path, { force: true });
  }

  #write(group: readonly PackedBatch[], texts: StatementUnpacker, sequence: number): ReadonlySet<number> {
    const writer = this.#writer;
    const untold = this.#untold(group);
    writer.clear();
    writer.unsigned32(0);
    writer.unsigned32(0);
    writer.unsigned32(sequence);
    writer.unsigned16(untold.size);
    for (const number of untold) {
      writer.unsigned16(number);
      writer.text(texts.textOf(number));
    }
    for (const { octets } of group) writer.raw(octets);
    writer.patch32(4, writer.length - headOctets);
    writer.patch32(0, crc32(writer.view().subarray(4)));
    return untold;
  }

  #untold(group: readonly PackedBatch[]): ReadonlySet<number> {
    const untold = new Set<number>();
    for (const { texts } of group) for (const number of texts) if (!this.#told.has(number)) untold.add(number);
    return untold;
  }

  /**
   * Ahead of what is written, with zeros: to flush a record that lies inside the file takes a third of the time that it
   * takes to flush one that makes it longer.
   */
  #allocate(needed: number): void {
    while (this.#allocated < needed) {
      const octets = Math.min(Math.max(this.#allocated, allocatedAtFirst), allocatedAtOnce);
      writeAll(this.#file, new Uint8Array(octets), this.#allocated);
      this.#allocated += octets;
    }
  }

  #flush(): void {
    try {
      fdatasyncSync(this.#file);
    } catch (thrown) {
      this.#isDoubtful = true;
      throw new FlushError('input-output', String(thrown), { cause: thrown });
    }
  }

  /** Of so many octets: up to the first that is not whole, or does not follow. */
  *#records(length: number): Iterable<LogRecord> {
    const octets = this.#read(length);
    let before: LogRecord | undefined;
    for (;;) {
      const record = recordAt(octets, before?.end ?? 0);
      if (record === undefined || (before !== undefined && record.sequence !== (before.sequence + 1) >>> 0)) return;
      yield record;
      before = record;
    }
  }

  #read(length: number): Buffer {
    const octets = Buffer.alloc(length);
    try {
      let done = 0;
      for (let read = -1; read !== 0 && done < length; done += read) read = readSync(this.#file, octets, done, length - done, done);
      return octets;
    } catch (thrown) {
      throw fileError(thrown);
    }
  }

  #gap(): DatabaseError {
    return new DatabaseError('corrupt', `${this.#path} goes on where the database is not yet: they do not belong together`);
  }
}

/** The octets of the last record were written, but perhaps not to the disk. */
export class FlushError extends DatabaseError {}

const headOctets = 12;
const allocatedAtFirst = 64 * 1024;
const allocatedAtOnce = 1024 * 1024;

interface LogRecord {
  readonly sequence: number;
  readonly payload: Uint8Array;
  readonly end: number;
}

function recordAt(octets: Buffer, start: number): LogRecord | undefined {
  if (start + headOctets > octets.length) return undefined;
  const end = start + headOctets + octets.readUInt32LE(start + 4);
  if (end === start + headOctets || end > octets.length) return undefined;
  if (crc32(octets.subarray(start + 4, end)) !== octets.readUInt32LE(start)) return undefined;
  return { sequence: octets.readUInt32LE(start + 8), payload: octets.subarray(start + headOctets, end), end };
}

/** None of a record that is not behind `sequence`; its texts are learnt all the same. */
function statementsOf({ payload, sequence }: LogRecord, unpacker: StatementUnpacker, known: number): readonly (readonly Statement[])[] {
  const reader = new OctetReader(payload);
  const texts = Array.from({ length: reader.unsigned16() }, (): NumberedText => ({ number: reader.unsigned16(), text: reader.text() }));
  unpacker.learn(texts);
  if (((sequence - known) | 0) <= 0) return [];
  return unpacker.unpack(payload.subarray(reader.position)).map(({ statements }) => statements);
}

/** Opens it, or creates it for this user only; then its name is durable too. */
function openPrivately(path: string): number {
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
  return file;
}

function writeAll(file: number, octets: Uint8Array, position: number): void {
  for (let written = 0; written < octets.length; ) {
    written += writeSync(file, octets, written, octets.length - written, position + written);
  }
}

/** Our error for what the file system threw. */
function fileError(thrown: unknown): DatabaseError {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  return new DatabaseError(isFull ? 'full' : 'input-output', String(thrown), { cause: thrown });
}
