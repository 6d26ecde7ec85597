import type { Change, CommitResult, Database, Statement } from './database.ts';

/**
 * A database that says what was changed (`Statement.tells`) once that is durable, or may be. Who is told before his own
 * commit is known reads the database and finds it; who is not, because this process died in between, reads everything
 * when its lease is over.
 */
export function tellingDatabase(database: Database, tell: (changes: readonly Change[]) => void): Database {
  const commit = async (batch: readonly Statement[]): Promise<CommitResult> => {
    const result = await database.commit(batch);
    if (result.kind === 'committed' || (result.kind === 'fault' && result.outcomeUnknown)) {
      const changes = changesOf(batch);
      if (changes.length > 0) tell(changes);
    }
    return result;
  };
  return { engine: database.engine, query: (statement) => database.query(statement), commit, close: () => database.close() };
}

/** Each once: a batch changes several rows of the same. */
function changesOf(batch: readonly Statement[]): readonly Change[] {
  const changes: Change[] = [];
  for (const { tells } of batch) {
    if (tells !== undefined && !changes.some(({ kind, owner }) => kind === tells.kind && owner === tells.owner)) changes.push(tells);
  }
  return changes;
}
