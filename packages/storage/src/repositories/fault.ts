import type { QueueFault } from '@opencpm/cpm';
import type { CommitResult, DatabaseFault } from '../database.ts';

/** A database fault in the words of the ports. */
export function queueFault(fault: DatabaseFault): QueueFault {
  return { kind: 'fault', temporary: fault.temporary, reason: fault.cause.message };
}

/** For batches without guards: anything but a commit is a fault. */
export function faultOf(result: CommitResult): QueueFault | undefined {
  if (result.kind === 'committed') return undefined;
  if (result.kind === 'fault') return queueFault(result);
  return { kind: 'fault', temporary: false, reason: `statement ${result.statement} changed ${result.rowCount} rows` };
}
