import type { CommitResult, Database, DatabaseFault, QueryResult, Statement } from '../database.ts';
import { DatabaseError, faultOf } from '../database-error.ts';

/** A call as the script sees it. */
export interface ScriptedCall {
  readonly verb: 'query' | 'commit';
  readonly statements: readonly Statement[];
  /** The how many-th call of this database it is, from 1. */
  readonly number: number;
}

/** What happens to a call. */
export type Mishap =
  | { readonly kind: 'none' }
  /** It fails before anything is done, and says so. */
  | { readonly kind: 'fails-before' }
  /** It is done, and the answer is lost. */
  | { readonly kind: 'answer-lost' }
  /** The connection breaks on the way: nothing is done, and nobody can say so. */
  | { readonly kind: 'torn' }
  /** It waits first, for whatever the script's clock lets it wait for. */
  | { readonly kind: 'slow'; readonly until: Promise<void> };

export type FailureScript = (call: ScriptedCall) => Mishap;

/** A database in front of another, to which happens what the script says, call by call in the order of the calls. */
export function failingDatabase(inner: Database, script: FailureScript): Database {
  let calls = 0;
  const mishapOf = (verb: ScriptedCall['verb'], statements: readonly Statement[]) => {
    calls += 1;
    return script({ verb, statements, number: calls });
  };
  return {
    engine: inner.engine,
    query: (statement): Promise<QueryResult> => suffer(mishapOf('query', [statement]), () => inner.query(statement)),
    commit: (batch): Promise<CommitResult> => suffer(mishapOf('commit', batch), () => inner.commit(batch)),
    close: () => inner.close(),
  };
}

async function suffer<Result>(mishap: Mishap, call: () => Promise<Result>): Promise<Result | DatabaseFault> {
  switch (mishap.kind) {
    case 'none':
      return call();
    case 'fails-before':
      return connectionFault('the database was not reached', false);
    case 'answer-lost':
      await call();
      return connectionFault('the answer was lost', true);
    case 'torn':
      return connectionFault('the connection broke', true);
    case 'slow':
      await mishap.until;
      return call();
  }
}

function connectionFault(message: string, outcomeUnknown: boolean): DatabaseFault {
  return faultOf(new DatabaseError('connection', message), outcomeUnknown);
}
