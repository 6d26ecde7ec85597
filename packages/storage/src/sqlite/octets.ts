/** Writes values one behind the other into memory that grows; numbers are little-endian. */
export class OctetWriter {
  #buffer = Buffer.allocUnsafeSlow(4_096);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written, in memory of its own, and begins anew. */
  take(): Uint8Array<ArrayBuffer> {
    const octets = new Uint8Array(this.#length);
    octets.set(this.#buffer.subarray(0, this.#length));
    this.clear();
    return octets;
  }

  /** What was written, valid until the next write. */
  view(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
    if (this.#buffer.length > keptOctets) this.#buffer = Buffer.allocUnsafeSlow(keptOctets);
  }

  unsigned8(value: number): void {
    this.#makeRoom(1);
    this.#length = this.#buffer.writeUInt8(value, this.#length);
  }

  unsigned16(value: number): void {
    this.#makeRoom(2);
    this.#length = this.#buffer.writeUInt16LE(value, this.#length);
  }

  unsigned32(value: number): void {
    this.#makeRoom(4);
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
  }

  double(value: number): void {
    this.#makeRoom(8);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
  }

  /** In UTF-8, behind its length in octets. */
  text(value: string): void {
    this.#makeRoom(4 + value.length * maxOctetsPerUnit);
    const octets = this.#buffer.write(value, this.#length + 4, 'utf8');
    this.unsigned32(octets);
    this.#length += octets;
  }

  /** Behind their number. */
  octets(value: Uint8Array): void {
    this.unsigned32(value.length);
    this.raw(value);
  }

  raw(value: Uint8Array): void {
    this.#makeRoom(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  /** Leaves room for a number that is known later, and answers where. */
  reserve32(): number {
    const at = this.#length;
    this.unsigned32(0);
    return at;
  }

  patch32(at: number, value: number): void {
    this.#buffer.writeUInt32LE(value, at);
  }

  #makeRoom(octets: number): void {
    const needed = this.#length + octets;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#buffer.length));
    larger.set(this.view());
    this.#buffer = larger;
  }
}

/** Of UTF-8 for one unit of UTF-16. */
const maxOctetsPerUnit = 3;

/** A writer that once held a large batch lets go of it. */
const keptOctets = 1024 * 1024;

/** Reads what `OctetWriter` wrote. Throws a RangeError past the end. */
export class OctetReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(octets: Uint8Array) {
    this.#buffer = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  }

  get position(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#buffer.length;
  }

  unsigned8(): number {
    const value = this.#buffer.readUInt8(this.#at);
    this.#at += 1;
    return value;
  }

  unsigned16(): number {
    const value = this.#buffer.readUInt16LE(this.#at);
    this.#at += 2;
    return value;
  }

  unsigned32(): number {
    const value = this.#buffer.readUInt32LE(this.#at);
    this.#at += 4;
    return value;
  }

  double(): number {
    const value = this.#buffer.readDoubleLE(this.#at);
    this.#at += 8;
    return value;
  }

  text(): string {
    const start = this.#pass(this.unsigned32());
    return this.#buffer.toString('utf8', start, this.#at);
  }

  /** A view of them. */
  octets(): Uint8Array {
    return this.raw(this.unsigned32());
  }

  raw(length: number): Uint8Array {
    const start = this.#pass(length);
    return new Uint8Array(this.#buffer.buffer, this.#buffer.byteOffset + start, length);
  }

  /** Goes past so many octets and answers where they begin. */
  #pass(length: number): number {
    const start = this.#at;
    if (start + length > this.#buffer.length) throw new RangeError(`${length} octets are wanted, ${this.#buffer.length - start} are left`);
    this.#at += length;
    return start;
  }
}
