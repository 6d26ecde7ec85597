/**
 * Values by text keys, for what comes and goes with every message. A Map would do, but V8 links each table that a Map
 * has outgrown to the next one: once one of them is old, all later ones and what they held outlive every collection of
 * the young. A sixth of all that was allocated did.
 */
import { keyHash } from './key-hash.ts';

/** Slots of the table at first; always a power of two. */
const firstSlots = 64;

interface Entry<Value> {
  readonly key: string;
  readonly hash: number;
  readonly value: Value;
}

/** Open addressing with linear probing, at most half full. It grows and does not shrink. */
export class KeyTable<Value> {
  readonly #seed: number;
  #slots: (Entry<Value> | undefined)[] = emptySlots(firstSlots);
  #size = 0;

  /** `seed` is a random 32-bit number: nobody outside can choose keys that fall on one slot. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  get size(): number {
    return this.#size;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  get(key: string): Value | undefined {
    return this.#slots[this.#slotOf(key, keyHash(key, this.#seed))]?.value;
  }

  set(key: string, value: Value): void {
    const hash = keyHash(key, this.#seed);
    const slot = this.#slotOf(key, hash);
    if (this.#slots[slot] === undefined) this.#size += 1;
    this.#slots[slot] = { key, hash, value };
    if (2 * this.#size > this.#slots.length) this.#enlarge();
  }

  delete(key: string): void {
    const slot = this.#slotOf(key, keyHash(key, this.#seed));
    if (this.#slots[slot] === undefined) return;
    this.#size -= 1;
    this.#vacate(slot);
  }

  /** As they are now; what comes and goes meanwhile changes nothing. */
  values(): readonly Value[] {
    return this.#slots.flatMap((entry) => (entry === undefined ? [] : [entry.value]));
  }

  clear(): void {
    this.#slots = emptySlots(firstSlots);
    this.#size = 0;
  }

  /** Where the key is, or where it would go. */
  #slotOf(key: string, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (let entry = slots[slot]; entry !== undefined; entry = slots[slot]) {
      if (entry.hash === hash && entry.key === key) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  /** Empties a slot and moves up what stands behind it only because that slot was taken. */
  #vacate(emptied: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let gap = emptied;
    let slot = (gap + 1) & mask;
    for (let entry = slots[slot]; entry !== undefined; entry = slots[slot]) {
      if (((slot - entry.hash) & mask) >= ((slot - gap) & mask)) {
        slots[gap] = entry;
        gap = slot;
      }
      slot = (slot + 1) & mask;
    }
    slots[gap] = undefined;
  }

  #enlarge(): void {
    const before = this.#slots;
    this.#slots = emptySlots(2 * before.length);
    const mask = this.#slots.length - 1;
    for (const entry of before) {
      if (entry === undefined) continue;
      let slot = entry.hash & mask;
      while (this.#slots[slot] !== undefined) slot = (slot + 1) & mask;
      this.#slots[slot] = entry;
    }
  }
}

function emptySlots<Value>(count: number): (Entry<Value> | undefined)[] {
  return new Array<Entry<Value> | undefined>(count).fill(undefined);
}
