import type { SqlValue, Statement } from '../database.ts';

/**
 * Batches of statements as they cross to the thread: two flat lists are copied for a fraction of what as many objects
 * cost, and a text of SQL crosses once, for the thread knows it by its number from then on.
 */
export interface PackedBatches {
  /** Of each batch how many statements it has, then of each the number of its text, its guard (-1 for none), how many values it has. */
  readonly shape: readonly number[];
  readonly values: readonly SqlValue[];
}

const noGuard = -1;

/** On the side of the event loop. The texts are a finite number, as `Database` asks for. */
export class StatementPacker {
  readonly #numbers = new Map<string, number>();
  #untold: string[] = [];

  pack(batches: readonly (readonly Statement[])[]): PackedBatches {
    const shape: number[] = [];
    const values: SqlValue[] = [];
    for (const batch of batches) {
      shape.push(batch.length);
      for (const { sql, parameters, expectRows } of batch) {
        shape.push(this.#numberOf(sql), expectRows ?? noGuard, parameters.length);
        for (const value of parameters) values.push(ownOctets(value));
      }
    }
    return { shape, values };
  }

  /** The texts that were packed for the first time since the last call, in the order of their numbers. */
  takeTexts(): readonly string[] {
    const texts = this.#untold;
    this.#untold = [];
    return texts;
  }

  #numberOf(sql: string): number {
    const known = this.#numbers.get(sql);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(sql, number);
    this.#untold.push(sql);
    return number;
  }
}

/** In the thread. */
export class StatementUnpacker {
  readonly #texts: string[] = [];

  learn(texts: readonly string[]): void {
    for (const text of texts) this.#texts.push(text);
  }

  unpack({ shape, values }: PackedBatches): readonly (readonly Statement[])[] {
    const batches: (readonly Statement[])[] = [];
    const next = { shape: 0, value: 0 };
    while (next.shape < shape.length) {
      const size = shape[next.shape++] ?? 0;
      batches.push(Array.from({ length: size }, () => this.#statement(shape, values, next)));
    }
    return batches;
  }

  #statement(shape: readonly number[], values: readonly SqlValue[], next: { shape: number; value: number }): Statement {
    const [text, expectRows = noGuard, count = 0] = [shape[next.shape], shape[next.shape + 1], shape[next.shape + 2]];
    next.shape += 3;
    const sql = text === undefined ? undefined : this.#texts[text];
    if (sql === undefined) throw new Error(`a statement came with the text ${text}, which was never told`);
    const parameters = values.slice(next.value, next.value + count);
    next.value += count;
    return expectRows === noGuard ? { sql, parameters } : { sql, parameters, expectRows };
  }
}

/** A structured clone copies the whole buffer under a view: 64 kB of a socket's slab for a body of 300 octets. */
function ownOctets(value: SqlValue): SqlValue {
  return value instanceof Uint8Array && value.byteLength !== value.buffer.byteLength ? new Uint8Array(value) : value;
}
