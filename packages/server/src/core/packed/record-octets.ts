/** How a text stands in a record: one octet per character, two hexadecimal digits per octet, UTF-16, or a UUID's 16 octets. */
const encodings = {
  plain: { number: 0, name: 'latin1', octetsPerCharacter: 1 },
  hexadecimal: { number: 1, name: 'hex', octetsPerCharacter: 0.5 },
  wide: { number: 2, name: 'utf16le', octetsPerCharacter: 2 },
} as const;
const namesByNumber = [encodings.plain.name, encodings.hexadecimal.name, encodings.wide.name] as const;
/** The fourth encoding: an instance as clients give theirs (RFC 5626 §4.1). */
const instanceNumber = 3;
const instanceText = /^<urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}>$/;
const instanceOctets = 16;
const hexadecimalText = /^(?:[0-9a-f]{2}){8,}$/;
const numberOctets = 6;

/** Writes one record after the other into the same memory. */
export class RecordWriter {
  #octets = Buffer.allocUnsafeSlow(4096);
  #length = 0;

  /** Begins a new record. */
  begin(): this {
    this.#length = 0;
    return this;
  }

  /** What was written since `begin`, valid until the next one. */
  get octets(): Buffer {
    return this.#octets.subarray(0, this.#length);
  }

  /** Below 2^48. */
  number(value: number): this {
    this.#reserve(numberOctets);
    this.#length = this.#octets.writeUIntLE(value, this.#length, numberOctets);
    return this;
  }

  /** In as few octets as it needs; below 2^31. */
  count(value: number): this {
    this.#reserve(numberOctets);
    let left = value;
    for (; left > 0x7f; left >>>= 7) this.#octets[this.#length++] = (left & 0x7f) | 0x80;
    this.#octets[this.#length++] = left;
    return this;
  }

  text(text: string): this {
    this.#reserve(text.length * encodings.wide.octetsPerCharacter + numberOctets);
    if (instanceText.test(text)) return this.#instance(text);
    const { number, name, octetsPerCharacter } = encodingOf(text);
    const octets = text.length * octetsPerCharacter;
    this.count(octets * 4 + number);
    this.#octets.write(text, this.#length, name);
    this.#length += octets;
    return this;
  }

  #instance(text: string): this {
    this.count(instanceOctets * 4 + instanceNumber);
    this.#octets.write(text.slice('<urn:uuid:'.length, -1).replaceAll('-', ''), this.#length, 'hex');
    this.#length += instanceOctets;
    return this;
  }

  #reserve(octets: number): void {
    if (this.#length + octets <= this.#octets.length) return;
    const larger = Buffer.allocUnsafeSlow((this.#length + octets) * 2);
    this.#octets.copy(larger, 0, 0, this.#length);
    this.#octets = larger;
  }
}

/** Reads a record in the order in which it was written. */
export class RecordReader {
  readonly #octets: Buffer;
  #position = 0;

  constructor(octets: Buffer) {
    this.#octets = octets;
  }

  number(): number {
    const value = this.#octets.readUIntLE(this.#position, numberOctets);
    this.#position += numberOctets;
    return value;
  }

  count(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const octet = this.#octets[this.#position++] ?? 0;
      value |= (octet & 0x7f) << shift;
      if (octet < 0x80) return value;
    }
  }

  /** A text of its own: it does not hold the record's memory. */
  text(): string {
    const head = this.count();
    const start = this.#position;
    this.#position += head >> 2;
    if ((head & 3) === instanceNumber) return instanceOf(this.#octets.toString('hex', start, this.#position));
    return this.#octets.toString(namesByNumber[head & 3], start, this.#position);
  }
}

function instanceOf(digits: string): string {
  const uuid = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join('-');
  return `<urn:uuid:${uuid}>`;
}

function encodingOf(text: string): (typeof encodings)[keyof typeof encodings] {
  if (hexadecimalText.test(text)) return encodings.hexadecimal;
  return isLatin1(text) ? encodings.plain : encodings.wide;
}

function isLatin1(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 0xff) return false;
  return true;
}
