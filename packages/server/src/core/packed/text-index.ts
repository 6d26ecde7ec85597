import type { RecordReference } from './record-heap.ts';

const firstSlots = 64;
/** Of four slots, so many are taken before the table doubles. */
const fullQuarters = 3.2;
const free = 0;
const gone = 1;
/** What is added to a reference, so that it differs from the two marks. */
const behindMarks = 2;

/** Which record has a text as its key: a hash table of numbers, whose keys stand in the records themselves. */
export class TextIndex {
  #hashes = new Uint32Array(firstSlots);
  #slots = new Uint32Array(firstSlots);
  #taken = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** `hasKey` tells whether a record that may be the wanted one is it. */
  find(key: string, hasKey: (reference: RecordReference) => boolean): RecordReference | undefined {
    const place = this.#placeOf(hashOf(key), hasKey);
    return place === undefined ? undefined : this.#referenceAt(place);
  }

  /** For a key that is not there yet. */
  add(key: string, reference: RecordReference): void {
    if (this.#taken * 4 >= this.#slots.length * fullQuarters) this.#rebuild();
    this.#insert(hashOf(key), reference + behindMarks);
    this.#size += 1;
  }

  /** The record of that key has moved. */
  move(key: string, from: RecordReference, to: RecordReference): void {
    const place = this.#placeOf(hashOf(key), (reference) => reference === from);
    if (place !== undefined) this.#slots[place] = to + behindMarks;
  }

  remove(key: string, reference: RecordReference): void {
    const place = this.#placeOf(hashOf(key), (other) => other === reference);
    if (place === undefined) return;
    this.#slots[place] = gone;
    this.#size -= 1;
  }

  /** In no order. What is added or removed meanwhile may be among them. */
  *references(): IterableIterator<RecordReference> {
    const slots = this.#slots;
    for (const slot of slots) if (slot >= behindMarks) yield slot - behindMarks;
  }

  #placeOf(hash: number, isMeant: (reference: RecordReference) => boolean): number | undefined {
    const mask = this.#slots.length - 1;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const slot = this.#slots[place];
      if (slot === free || slot === undefined) return undefined;
      if (slot !== gone && this.#hashes[place] === hash && isMeant(slot - behindMarks)) return place;
    }
  }

  #referenceAt(place: number): RecordReference {
    return (this.#slots[place] ?? behindMarks) - behindMarks;
  }

  #insert(hash: number, slot: number): void {
    const mask = this.#slots.length - 1;
    let place = hash & mask;
    while (this.#slots[place] !== free) place = (place + 1) & mask;
    this.#hashes[place] = hash;
    this.#slots[place] = slot;
    this.#taken += 1;
  }

  /** Doubles when it is full of records; else only the marks of those that are gone are swept out. */
  #rebuild(): void {
    const [hashes, slots] = [this.#hashes, this.#slots];
    const length = this.#size * 4 >= slots.length * 2 ? slots.length * 2 : slots.length;
    this.#hashes = new Uint32Array(length);
    this.#slots = new Uint32Array(length);
    this.#taken = 0;
    for (const [place, slot] of slots.entries()) if (slot >= behindMarks) this.#insert(hashes[place] ?? 0, slot);
  }
}

/** FNV-1a over the characters, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  // The last step spreads what neighbours differ in over the low bits, which pick the slot.
  return (hash ^ (hash >>> 15)) >>> 0;
}
