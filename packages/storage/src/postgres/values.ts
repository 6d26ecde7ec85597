import type { CustomTypesConfig } from 'pg';
import type { SqlValue } from '../database.ts';
import { bindInteger } from '../parameters.ts';

/** Type numbers of PostgreSQL (pg_type.oid, fixed since the types exist) that our subset of SQL can answer. */
const READERS = new Map<number, (text: string) => SqlValue>([
  [16, readBoolean],
  [17, readBytes],
  [20, readInteger],
  [21, readInteger],
  [23, readInteger],
  [1700, readInteger],
]);

/** How the driver reads values: integers of every width are numbers, BYTEA is a Uint8Array, all else is text. */
export const VALUE_READERS: CustomTypesConfig = { getTypeParser: (oid: number) => READERS.get(oid) ?? readText };

/**
 * A parameter as the driver takes it: integers are written out, so that none is rounded on the way. Throws for what is
 * no `SqlValue`, of which the driver would make something of its own.
 */
export function parameterOf(value: SqlValue): string | Uint8Array | null {
  if (typeof value === 'number') return String(bindInteger(value));
  if (value === null || typeof value === 'string' || value instanceof Uint8Array) return value;
  throw new TypeError(`a ${typeof value} is no value for the database`);
}

function readText(text: string): string {
  return text;
}

/** A comparison is 1 or 0 in SQLite. */
function readBoolean(text: string): number {
  return text === 't' ? 1 : 0;
}

/** Also the NUMERIC that SUM over BIGINT gives. */
function readInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is not an integer below 2^53`);
  return value;
}

/** BYTEA as text is `\x` and two hexadecimal digits an octet (PostgreSQL, Binary Data Types). */
function readBytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.slice(2), 'hex'));
}
