/** Sizes are rounded up to whole units, and references count units. */
const unitOctets = 8;
const slabUnits = 131_072;
const lengthOctets = 4;

/** The number of a record that was put; it may be given to another record once it was dropped. */
export type RecordReference = number;

/**
 * Records of octets outside of the JavaScript heap: what is kept of hundreds of thousands of users and bindings is
 * neither walked by the garbage collector nor multiplied by the room that it keeps in reserve. Memory that was dropped
 * is used again for records of the same size.
 */
export class RecordHeap {
  readonly #slabs: Buffer[] = [];
  readonly #dropped = new Map<number, RecordReference[]>();
  /** The first unit that was never used, and how many follow it in its slab. */
  #next = 0;
  #left = 0;

  put(octets: Uint8Array): RecordReference {
    const units = Math.ceil((lengthOctets + octets.length) / unitOctets);
    const reference = this.#dropped.get(units)?.pop() ?? this.#fresh(units);
    const slab = this.#slabOf(reference);
    const at = offsetOf(reference);
    slab.writeUInt32LE(octets.length, at);
    slab.set(octets, at + lengthOctets);
    return reference;
  }

  /** The record's octets where they lie: to be read before anything is put or dropped. */
  get(reference: RecordReference): Buffer {
    const slab = this.#slabOf(reference);
    const at = offsetOf(reference) + lengthOctets;
    return slab.subarray(at, at + slab.readUInt32LE(at - lengthOctets));
  }

  drop(reference: RecordReference): void {
    const units = Math.ceil((lengthOctets + this.get(reference).length) / unitOctets);
    const dropped = this.#dropped.get(units);
    if (dropped === undefined) this.#dropped.set(units, [reference]);
    else dropped.push(reference);
  }

  #fresh(units: number): RecordReference {
    if (units > this.#left) this.#addSlab(units);
    const reference = this.#next;
    this.#next += units;
    this.#left -= units;
    return reference;
  }

  /** A record longer than a slab gets one of its own. */
  #addSlab(units: number): void {
    this.#next = this.#slabs.length * slabUnits;
    this.#left = Math.max(units, slabUnits);
    this.#slabs.push(Buffer.allocUnsafeSlow(this.#left * unitOctets));
  }

  #slabOf(reference: RecordReference): Buffer {
    const slab = this.#slabs[Math.floor(reference / slabUnits)];
    if (slab === undefined) throw new RangeError('no such record');
    return slab;
  }
}

function offsetOf(reference: RecordReference): number {
  return (reference % slabUnits) * unitOctets;
}
