import type { SqlValue, Statement } from '../database.ts';
import { OctetReader, OctetWriter } from './octets.ts';

/**
 * Batches of statements as octets, the form in which they cross to SQLite's thread and in which its redo log keeps them:
 *
 *     batches   = *( length-of-the-rest:32 count-of-statements:32 *statement )
 *     statement = number-of-its-text:16 guard:32 count-of-values:16 *value
 *     value     = null:8 | integer:8 double | text:8 length:32 UTF-8 | octets:8 length:32 octets
 *
 * A text of SQL stands for itself once, and is a number from then on.
 */

/** A batch as it came out of the octets, with them. */
export interface PackedBatch {
  readonly statements: readonly Statement[];
  /** The numbers of its texts; some may be there twice. */
  readonly texts: readonly number[];
  readonly octets: Uint8Array;
}

/** A text of SQL and the number that stands for it. */
export interface NumberedText {
  readonly number: number;
  readonly text: string;
}

/** No statement changes so many rows. */
const noGuard = 0xff_ff_ff_ff;

const kinds = { null: 0, integer: 1, text: 2, octets: 3 } as const;

/** On the side of the event loop. The texts are a finite number, as `Database` asks for. */
export class StatementPacker {
  readonly #numbers = new Map<string, number>();
  readonly #writer = new OctetWriter();
  #untold: NumberedText[] = [];

  pack(batches: readonly (readonly Statement[])[]): Uint8Array<ArrayBuffer> {
    for (const batch of batches) this.#packBatch(batch);
    return this.#writer.take();
  }

  /** The texts that were packed for the first time since the last call. */
  takeTexts(): readonly NumberedText[] {
    const texts = this.#untold;
    this.#untold = [];
    return texts;
  }

  #packBatch(batch: readonly Statement[]): void {
    const writer = this.#writer;
    const length = writer.reserve32();
    writer.unsigned32(batch.length);
    for (const { sql, parameters, expectRows } of batch) {
      writer.unsigned16(this.#numberOf(sql));
      writer.unsigned32(expectRows ?? noGuard);
      writer.unsigned16(parameters.length);
      for (const value of parameters) writeValue(writer, value);
    }
    writer.patch32(length, writer.length - length - lengthOctets);
  }

  #numberOf(sql: string): number {
    const known = this.#numbers.get(sql);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(sql, number);
    this.#untold.push({ number, text: sql });
    return number;
  }
}

const lengthOctets = 4;

/** Where the statements are run. */
export class StatementUnpacker {
  readonly #texts = new Map<number, string>();

  learn(texts: readonly NumberedText[]): void {
    for (const { number, text } of texts) this.#texts.set(number, text);
  }

  textOf(number: number): string {
    const text = this.#texts.get(number);
    if (text === undefined) throw new Error(`a statement came with the text ${number}, which was never told`);
    return text;
  }

  unpack(octets: Uint8Array): readonly PackedBatch[] {
    const batches: PackedBatch[] = [];
    const reader = new OctetReader(octets);
    while (!reader.isAtEnd) {
      const start = reader.position;
      const end = start + lengthOctets + reader.unsigned32();
      const texts: number[] = [];
      const statements: Statement[] = [];
      for (let left = reader.unsigned32(); left > 0; left -= 1) statements.push(this.#statement(reader, texts));
      batches.push({ statements, texts, octets: octets.subarray(start, end) });
    }
    return batches;
  }

  #statement(reader: OctetReader, texts: number[]): Statement {
    const number = reader.unsigned16();
    texts.push(number);
    const sql = this.textOf(number);
    const expectRows = reader.unsigned32();
    const parameters: SqlValue[] = [];
    for (let left = reader.unsigned16(); left > 0; left -= 1) parameters.push(readValue(reader));
    return expectRows === noGuard ? { sql, parameters } : { sql, parameters, expectRows };
  }
}

function writeValue(writer: OctetWriter, value: SqlValue): void {
  if (value === null) {
    writer.unsigned8(kinds.null);
  } else if (typeof value === 'number') {
    writer.unsigned8(kinds.integer);
    writer.double(value);
  } else if (typeof value === 'string') {
    writer.unsigned8(kinds.text);
    writer.text(value);
  } else {
    writer.unsigned8(kinds.octets);
    writer.octets(value);
  }
}

function readValue(reader: OctetReader): SqlValue {
  const kind = reader.unsigned8();
  if (kind === kinds.null) return null;
  if (kind === kinds.integer) return reader.double();
  if (kind === kinds.text) return reader.text();
  if (kind === kinds.octets) return reader.octets();
  throw new Error(`a value came with the kind ${kind}`);
}
