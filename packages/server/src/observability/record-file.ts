import { type FileHandle, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '@opencpm/sip';
import type { RecordEvents, RecordSettings, RecordSink } from './observation-platform.ts';

/** Lines are gathered for at most this time, or until there are so many bytes of them. */
const gatherMilliseconds = 1000;
const gatherBytes = 65_536;
/** What may wait for a disk that does not take it; records above that are lost, and counted. */
const maxWaitingBytes = 16 * 1024 * 1024;
/** After a failed write. */
const retryMilliseconds = 5000;
/** One write. */
const maxChunkBytes = 1024 * 1024;

/**
 * A file of lines that rotates by size and age. Writing never waits: lines are gathered and written by one loop, which
 * goes on where a failed write has stopped, so that a disk that was full for a while leaves a whole file behind.
 *
 * Own, because rotating-file-stream ends at the first failed write with all that it had buffered, takes a short write
 * for a whole one, holds any number of lines for a slow disk, and rotates by divisions of the calendar instead of age.
 */
export class RecordFile implements RecordSink {
  readonly #settings: RecordSettings;
  readonly #events: RecordEvents;
  readonly #clock: Clock;
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** The chunk on its way, and how much of it is in the file. */
  #chunk: { readonly octets: Buffer; readonly lines: number; written: number } | undefined;
  #file: OpenFile | undefined;
  #work: Promise<void> | undefined;
  #cancelWake: (() => void) | undefined;
  /** Milliseconds since the epoch; each rotation has a time of its own. */
  #rotatedAt = 0;
  #reopen = false;
  #failing = false;
  #closed = false;

  private constructor(settings: RecordSettings, events: RecordEvents, clock: Clock) {
    this.#settings = settings;
    this.#events = events;
    this.#clock = clock;
  }

  /** Rejects with an Error when the file cannot be opened. */
  static async open(settings: RecordSettings, events: RecordEvents, clock: Clock): Promise<RecordFile> {
    const records = new RecordFile(settings, events, clock);
    await mkdir(dirname(settings.file), { recursive: true });
    await records.#opened();
    records.#wakeAt(records.#rotationTime());
    return records;
  }

  write(line: string): void {
    const octets = Buffer.from(`${line}\n`);
    if (this.#closed || this.#waitingBytes + octets.length > maxWaitingBytes) {
      this.#events.lost(1);
      return;
    }
    this.#waiting.push(octets);
    this.#waitingBytes += octets.length;
    if (this.#failing) return;
    if (this.#waitingBytes >= gatherBytes) this.#start();
    else if (this.#waiting.length === 1) this.#wakeAt(Math.min(this.#clock.now() + gatherMilliseconds, this.#rotationTime()));
  }

  /** Something else has moved the file away (logrotate): the next line goes into a new one. */
  reopen(): void {
    this.#reopen = true;
    this.#start();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#work;
    this.#start();
    await this.#work;
    this.#cancelWake?.();
    const unwritten = this.#waiting.length + (this.#chunk?.lines ?? 0);
    if (unwritten > 0) this.#events.lost(unwritten);
    await this.#file?.handle.close();
  }

  #start(): void {
    if (this.#work !== undefined) return;
    this.#cancelWake?.();
    this.#work = this.#run().finally(() => {
      this.#work = undefined;
      this.#next();
    });
  }

  /** After a run: what failed is tried later, what came meanwhile is gathered, an idle file rotates by its age. */
  #next(): void {
    if (this.#closed) return;
    const now = this.#clock.now();
    const waits = this.#waiting.length > 0 || this.#chunk !== undefined;
    if (waits && !this.#failing && this.#waitingBytes >= gatherBytes) this.#start();
    else
      this.#wakeAt(
        Math.min(waits ? now + (this.#failing ? retryMilliseconds : gatherMilliseconds) : Number.POSITIVE_INFINITY, this.#rotationTime()),
      );
  }

  #wakeAt(time: number): void {
    this.#cancelWake?.();
    this.#cancelWake = time === Number.POSITIVE_INFINITY ? undefined : this.#clock.wakeAt(time, () => this.#start());
  }

  async #run(): Promise<void> {
    try {
      if (this.#reopen) await this.#leave();
      if (this.#rotationTime() <= this.#clock.now()) await this.#rotate();
      while (this.#chunk !== undefined || this.#waiting.length > 0) await this.#writeChunk();
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#events.fault(error instanceof Error ? error.message : String(error));
      this.#failing = true;
    }
  }

  async #writeChunk(): Promise<void> {
    let file = await this.#opened();
    const first = this.#waiting[0];
    if (this.#chunk === undefined && first !== undefined && file.bytes > 0 && file.bytes + first.length > this.#settings.maxBytes) {
      await this.#rotate();
      file = await this.#opened();
    }
    this.#chunk ??= this.#takeChunk(file);
    const { octets, lines } = this.#chunk;
    while (this.#chunk.written < octets.length) {
      const { bytesWritten } = await file.handle.write(octets, this.#chunk.written);
      this.#chunk.written += bytesWritten;
      file.bytes += bytesWritten;
    }
    this.#chunk = undefined;
    this.#events.written(lines);
  }

  /** As many whole lines as fit into the file, at least one. */
  #takeChunk(file: OpenFile) {
    const room = Math.min(maxChunkBytes, this.#settings.maxBytes - file.bytes);
    let lines = 0;
    let bytes = 0;
    for (const line of this.#waiting) {
      if (lines > 0 && bytes + line.length > room) break;
      lines += 1;
      bytes += line.length;
    }
    this.#waitingBytes -= bytes;
    return { octets: Buffer.concat(this.#waiting.splice(0, lines)), lines, written: 0 };
  }

  async #opened(): Promise<OpenFile> {
    this.#file ??= await openForAppending(this.#settings.file, this.#clock.now());
    return this.#file;
  }

  /** When the file is too old; never for an empty one. */
  #rotationTime(): number {
    return this.#file === undefined || this.#file.bytes === 0
      ? Number.POSITIVE_INFINITY
      : this.#file.begunAt + this.#settings.maxAgeSeconds * 1000;
  }

  async #leave(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#reopen = false;
    await file?.handle.close();
  }

  /** The lines of the file are on the disk before it gets the name under which others take it. */
  async #rotate(): Promise<void> {
    await this.#file?.handle.datasync();
    await this.#leave();
    const { file, keep } = this.#settings;
    this.#rotatedAt = await freeTime(file, Math.max(this.#clock.now(), this.#rotatedAt + 1));
    await rename(file, rotatedName(file, this.#rotatedAt));
    for (const old of (await rotatedFiles(file)).slice(0, -keep)) await unlink(old);
  }
}

interface OpenFile {
  readonly handle: FileHandle;
  readonly begunAt: number;
  bytes: number;
}

async function openForAppending(path: string, now: number): Promise<OpenFile> {
  const handle = await open(path, 'a', 0o600);
  const { size, birthtimeMs } = await handle.stat();
  // A file system without times of birth says 0; then the age counts from here.
  return { handle, bytes: size, begunAt: size === 0 || birthtimeMs === 0 ? now : birthtimeMs };
}

/** When a file was rotated is its name, `records.jsonl.20260102T030405678Z`; a name that is taken is the next millisecond's. */
async function freeTime(file: string, earliest: number): Promise<number> {
  for (let time = earliest; ; time += 1) if (!(await exists(rotatedName(file, time)))) return time;
}

function rotatedName(file: string, time: number): string {
  return `${file}.${new Date(time).toISOString().replace(/[-:.]/g, '')}`;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Oldest first. */
async function rotatedFiles(file: string): Promise<readonly string[]> {
  const folder = dirname(file);
  const pattern = /^\.\d{8}T\d{9}Z$/;
  const name = basename(file);
  const names = (await readdir(folder)).filter((entry) => entry.startsWith(name) && pattern.test(entry.slice(name.length)));
  return names.sort().map((entry) => join(folder, entry));
}
