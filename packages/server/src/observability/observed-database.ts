import type { CommitResult, Database, Statement } from '@opencpm/storage';
import type { Measures } from './measures.ts';

/** The database with every commit counted and timed, whichever engine it is. `now` is in milliseconds, with fractions. */
export function observedDatabase(database: Database, measures: Measures, now: () => number): Database {
  const commit = async (batch: readonly Statement[]): Promise<CommitResult> => {
    measures.pendingCommits += 1;
    const began = now();
    try {
      const result = await database.commit(batch);
      measures.commits.count(result.kind);
      measures.distributions.commitDuration.observe((now() - began) / 1000);
      return result;
    } finally {
      measures.pendingCommits -= 1;
    }
  };
  return { engine: database.engine, query: (statement) => database.query(statement), commit, close: () => database.close() };
}
