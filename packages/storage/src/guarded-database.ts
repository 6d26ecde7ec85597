import type { CommitResult, Database, Statement } from './database.ts';
import { DatabaseError, faultOf } from './database-error.ts';

/**
 * A database for work that only one process may do: every batch begins with a guard, the lease of who does it. When
 * that is somebody else's by now nothing of the batch is applied, and the answer is a temporary fault.
 */
export function guardedDatabase(database: Database, guard: () => Statement): Database {
  const commit = async (batch: readonly Statement[]): Promise<CommitResult> => {
    const result = await database.commit([guard(), ...batch]);
    if (result.kind === 'committed') return { kind: 'committed', rows: result.rows.slice(1) };
    if (result.kind === 'fault') return result;
    if (result.statement > 0) return { ...result, statement: result.statement - 1 };
    return faultOf(new DatabaseError('held', 'this work is another process’s by now'));
  };
  return { engine: database.engine, query: (statement) => database.query(statement), commit, close: () => database.close() };
}
