import type { Database, DatabaseFault, Row, SqlValue, Statement } from '../database.ts';

/** A statement as tests write it. */
export function sql(text: string, ...parameters: readonly SqlValue[]): Statement {
  return { sql: text, parameters };
}

/** The same with its guard. */
export function expecting(expectRows: number, statement: Statement): Statement {
  return { ...statement, expectRows };
}

/** Commits, or throws what came instead. */
export async function commitOrThrow(database: Database, ...batch: readonly Statement[]): Promise<readonly (readonly Row[])[]> {
  const result = await database.commit(batch);
  if (result.kind === 'committed') return result.rows;
  throw result.kind === 'fault' ? result.cause : new Error(`guard of statement ${result.statement}: ${result.rowCount} rows`);
}

/** Reads, or throws the fault. */
export async function rowsOf(database: Database, text: string, ...parameters: readonly SqlValue[]): Promise<readonly Row[]> {
  const result = await database.query(sql(text, ...parameters));
  if (result.kind === 'fault') throw result.cause;
  return result.rows;
}

/** What a fault promises, without its message; the kind of the result when it is none. */
export function outcomeOf(result: { readonly kind: string } | DatabaseFault): string {
  if (!('cause' in result)) return result.kind;
  const code = 'code' in result.cause ? String(result.cause.code) : result.cause.name;
  return [code, result.temporary ? 'temporary' : 'lasting', result.outcomeUnknown ? 'outcome unknown' : 'not applied'].join(', ');
}
