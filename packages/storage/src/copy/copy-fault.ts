import type { CommitResult, DatabaseFault } from '../database.ts';
import { DatabaseError, faultOf } from '../database-error.ts';

export type CopySide = 'source' | 'target';

/** One of the two databases could not do it. */
export interface CopyFault {
  readonly kind: 'copy-fault';
  readonly side: CopySide;
  readonly fault: DatabaseFault;
}

/** A fault of one side; a guard that did not hold means that somebody else writes there. */
export function faultAt(side: CopySide, result: Exclude<CommitResult, { readonly kind: 'committed' }>): CopyFault {
  if (result.kind === 'fault') return { kind: 'copy-fault', side, fault: result };
  const cause = new DatabaseError('statement', `statement ${result.statement} of a batch changed ${result.rowCount} rows`);
  return { kind: 'copy-fault', side, fault: faultOf(cause) };
}

export function isCopyFault(value: unknown): value is CopyFault {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'copy-fault';
}
