/** A page of ExpiringRecords: records one behind the other in one piece of memory, each with its head, key and octets. */

/**
 * Above the largest datagram several times over; a power of two. So much that a C library gets it from the system by
 * itself: smaller pages fill holes of its heap, which then grows elsewhere and never shrinks to what is in use.
 */
export const recordPageOctets = 1_048_576;

/** The head of a record: when it expires (8 octets), hash, length of the key, length of the octets, index of the mark (4 each). */
const headOctets = 24;
const hashWord = 2;
const keyLengthWord = 3;
const lengthWord = 4;
const markWord = 5;

/** Stands for the expiry of a record that is gone. */
const cleared = Number.NEGATIVE_INFINITY;

export interface NewRecord<Mark> {
  /** An octet string. */
  readonly key: string;
  readonly hash: number;
  readonly octets: Uint8Array;
  readonly mark: Mark;
  readonly expiresAt: number;
}

/** A record is named by its offset in octets, a multiple of 8. */
export class RecordPage<Mark> {
  readonly number: number;
  /** Offset of the oldest record that is left; equal to `used` when there is none. */
  first = 0;
  /** Offset behind the newest record. */
  used = 0;
  readonly #octets = new Uint8Array(recordPageOctets);
  readonly #words = new Int32Array(this.#octets.buffer);
  readonly #times = new Float64Array(this.#octets.buffer);
  readonly #marks: Mark[] = [];

  constructor(number: number) {
    this.number = number;
  }

  hasRoom(key: string, octets: Uint8Array): boolean {
    return this.used + headOctets + key.length + octets.length <= recordPageOctets;
  }

  /** Gives the offset of the new record, for which there has to be room. */
  write({ key, hash, octets, mark, expiresAt }: NewRecord<Mark>): number {
    const offset = this.used;
    const word = offset / 4;
    this.#times[offset / 8] = expiresAt;
    this.#words[word + hashWord] = hash;
    this.#words[word + keyLengthWord] = key.length;
    this.#words[word + lengthWord] = octets.length;
    this.#words[word + markWord] = this.#marks.push(mark) - 1;
    const start = offset + headOctets;
    for (let index = 0; index < key.length; index += 1) this.#octets[start + index] = key.charCodeAt(index);
    this.#octets.set(octets, start + key.length);
    this.used = this.#behind(offset);
    return offset;
  }

  read(offset: number): { octets: Uint8Array; mark: Mark; expiresAt: number } {
    const word = offset / 4;
    const mark = this.#marks[this.#words[word + markWord] ?? 0];
    if (mark === undefined) throw new TypeError('a record without its mark');
    const start = offset + headOctets + (this.#words[word + keyLengthWord] ?? 0);
    const octets = this.#octets.slice(start, start + (this.#words[word + lengthWord] ?? 0));
    return { octets, mark, expiresAt: this.expiresAt(offset) };
  }

  hash(offset: number): number {
    return this.#words[offset / 4 + hashWord] ?? 0;
  }

  expiresAt(offset: number): number {
    return this.#times[offset / 8] ?? cleared;
  }

  hasKey(offset: number, key: string): boolean {
    if (this.#words[offset / 4 + keyLengthWord] !== key.length) return false;
    const start = offset + headOctets;
    for (let index = 0; index < key.length; index += 1) {
      if (this.#octets[start + index] !== key.charCodeAt(index)) return false;
    }
    return true;
  }

  clear(offset: number): void {
    this.#times[offset / 8] = cleared;
  }

  /** Moves `first` behind the records that are gone. */
  passCleared(): void {
    while (this.first < this.used && this.expiresAt(this.first) === cleared) this.first = this.#behind(this.first);
  }

  /** Of every record that is left. */
  *offsets(): IterableIterator<number> {
    for (let offset = this.first; offset < this.used; offset = this.#behind(offset)) {
      if (this.expiresAt(offset) !== cleared) yield offset;
    }
  }

  reset(): void {
    this.first = 0;
    this.used = 0;
    this.#marks.length = 0;
  }

  #behind(offset: number): number {
    const word = offset / 4;
    const length = headOctets + (this.#words[word + keyLengthWord] ?? 0) + (this.#words[word + lengthWord] ?? 0);
    return Math.ceil((offset + length) / 8) * 8;
  }
}
