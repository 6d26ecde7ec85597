/**
 * Octets kept by a key until a time, out of the garbage collector's sight: in pages of octets and a table of numbers.
 * As objects, a hundred thousand answers that wait for retransmissions would be copied and marked over and over.
 */
import { keyHash } from './key-hash.ts';
import { RecordPage, recordPageOctets } from './record-page.ts';

/** Empty pages that are kept for what comes next. */
const maxSparePages = 2;
/** Slots of the table at first; always a power of two. */
const firstSlots = 512;
/** A slot's number is that of a page and of a unit of 8 octets in it. */
const unitsOfPage = recordPageOctets / 8;
const none = -1;

/** What is found: a copy of the octets, and what they were marked with. */
export interface ExpiringRecord<Mark> {
  readonly octets: Uint8Array;
  readonly mark: Mark;
  /** Milliseconds. */
  readonly expiresAt: number;
}

/**
 * Keys are octet strings. Records go in the order in which they came, so that one which expires before an older one
 * stays until that goes. Marks are held by reference: let them be numbers, or objects that live long anyway.
 */
export class ExpiringRecords<Mark> {
  readonly #seed: number;
  /** By number; a number is used again once its page is gone. */
  readonly #pages: (RecordPage<Mark> | undefined)[] = [];
  /** In the order in which they are filled; the last one is being filled, from the first one records go. */
  readonly #filled: RecordPage<Mark>[] = [];
  readonly #spare: RecordPage<Mark>[] = [];
  /** Open addressing with linear probing, at most half full: where a record begins, or `none`. */
  #slots = new Int32Array(firstSlots).fill(none);
  #size = 0;

  /** `seed` is a random 32-bit number: nobody outside can choose keys that fall on one slot. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  get size(): number {
    return this.#size;
  }

  /** When the oldest record expires, in milliseconds; Infinity when there is none. */
  get nextExpiry(): number {
    const page = this.#oldestPage();
    return page === undefined ? Number.POSITIVE_INFINITY : page.expiresAt(page.first);
  }

  /** Keeps the octets, in place of those of the same key. Key and octets together have to fit into a page. */
  put(key: string, octets: Uint8Array, mark: Mark, expiresAt: number): void {
    const hash = keyHash(key, this.#seed);
    this.#forget(this.#slotOf(key, hash));
    if (2 * (this.#size + 1) > this.#slots.length) this.#enlarge();
    const page = this.#pageFor(key, octets);
    const offset = page.write({ key, hash, octets, mark, expiresAt });
    this.#occupy(hash, page.number * unitsOfPage + offset / 8);
    this.#size += 1;
  }

  has(key: string): boolean {
    return this.#slotOf(key) !== none;
  }

  find(key: string): ExpiringRecord<Mark> | undefined {
    const slot = this.#slotOf(key);
    if (slot === none) return undefined;
    const { page, offset } = this.#at(slot);
    return page.read(offset);
  }

  delete(key: string): void {
    this.#forget(this.#slotOf(key));
  }

  /** Drops every record, from the oldest on, until one has time left. */
  expire(now: number): void {
    for (let page = this.#oldestPage(); page !== undefined && page.expiresAt(page.first) <= now; page = this.#oldestPage())
      this.#drop(page);
    // What a time of much traffic made large is given back once nothing of it is left.
    if (this.#size === 0 && this.#slots.length > firstSlots) this.clear();
  }

  dropOldest(): void {
    const page = this.#oldestPage();
    if (page !== undefined) this.#drop(page);
  }

  clear(): void {
    this.#pages.length = 0;
    this.#filled.length = 0;
    this.#spare.length = 0;
    this.#slots = new Int32Array(firstSlots).fill(none);
    this.#size = 0;
  }

  #forget(slot: number): void {
    if (slot === none) return;
    const { page, offset } = this.#at(slot);
    page.clear(offset);
    this.#vacate(slot);
    this.#size -= 1;
  }

  #drop(page: RecordPage<Mark>): void {
    this.#vacate(this.#slotAt(page.hash(page.first), page.number * unitsOfPage + page.first / 8));
    page.clear(page.first);
    this.#size -= 1;
  }

  /** The page whose first record is the oldest one that is kept; pages without any are passed and used again. */
  #oldestPage(): RecordPage<Mark> | undefined {
    for (let page = this.#filled[0]; page !== undefined; page = this.#filled[0]) {
      page.passCleared();
      if (page.first < page.used) return page;
      this.#filled.shift();
      this.#retire(page);
    }
    return undefined;
  }

  #retire(page: RecordPage<Mark>): void {
    page.reset();
    if (this.#spare.length < maxSparePages) this.#spare.push(page);
    else this.#pages[page.number] = undefined;
  }

  #pageFor(key: string, octets: Uint8Array): RecordPage<Mark> {
    const last = this.#filled.at(-1);
    if (last?.hasRoom(key, octets)) return last;
    const page = this.#spare.pop() ?? this.#newPage();
    if (!page.hasRoom(key, octets)) throw new RangeError(`a record of ${key.length + octets.length} octets is longer than a page`);
    this.#filled.push(page);
    return page;
  }

  #newPage(): RecordPage<Mark> {
    const free = this.#pages.indexOf(undefined);
    const page = new RecordPage<Mark>(free < 0 ? this.#pages.length : free);
    this.#pages[page.number] = page;
    return page;
  }

  #enlarge(): void {
    this.#slots = new Int32Array(2 * this.#slots.length).fill(none);
    for (const page of this.#filled) {
      for (const offset of page.offsets()) this.#occupy(page.hash(offset), page.number * unitsOfPage + offset / 8);
    }
  }

  #occupy(hash: number, place: number): void {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== none) slot = (slot + 1) & mask;
    this.#slots[slot] = place;
  }

  #slotOf(key: string, hash = keyHash(key, this.#seed)): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; this.#slots[slot] !== none; slot = (slot + 1) & mask) {
      const { page, offset } = this.#at(slot);
      if (page.hash(offset) === hash && page.hasKey(offset, key)) return slot;
    }
    return none;
  }

  /** The slot of a record that is known to be there. */
  #slotAt(hash: number, place: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== place) slot = (slot + 1) & mask;
    return slot;
  }

  /** Empties a slot and moves up what stands behind it only because that slot was taken. */
  #vacate(emptied: number): void {
    const mask = this.#slots.length - 1;
    let gap = emptied;
    for (let slot = (gap + 1) & mask; this.#slots[slot] !== none; slot = (slot + 1) & mask) {
      const { page, offset } = this.#at(slot);
      const wanted = page.hash(offset) & mask;
      if (((slot - wanted) & mask) < ((slot - gap) & mask)) continue;
      this.#slots[gap] = this.#slots[slot] ?? none;
      gap = slot;
    }
    this.#slots[gap] = none;
  }

  #at(slot: number): { page: RecordPage<Mark>; offset: number } {
    const place = this.#slots[slot] ?? none;
    const page = this.#pages[Math.floor(place / unitsOfPage)];
    if (page === undefined) throw new TypeError('a slot of the table names a page that is not there');
    return { page, offset: (place % unitsOfPage) * 8 };
  }
}
