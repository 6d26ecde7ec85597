/** What a line of strace says, in the order in which the calls of all processes happened. */
type TraceEvent = 'request came' | 'sync began' | 'sync ended' | 'other answer' | 'accepted';

export interface AnswersInTrace {
  /** 202 that were sent. */
  readonly accepted: number;
  /** Of them, counted from 1: those before which nothing was brought to the disk since their request came. */
  readonly early: readonly number[];
  readonly syncs: number;
}

/**
 * Reads a trace of `strace -f` of one request at a time. strace writes a call that another one interrupts in two lines, so
 * what stands before a line in the file had happened when its call began.
 */
export function answersInTrace(trace: string): AnswersInTrace {
  const counts = { accepted: 0, syncs: 0 };
  const early: number[] = [];
  let [hasRequest, begun, isSynced] = [false, new Set<string>(), false];
  for (const line of trace.split('\n')) {
    const event = eventOf(line);
    const [process = ''] = line.trim().split(' ', 1);
    if (event === 'request came') hasRequest = true;
    if (event === 'sync began' && hasRequest) begun.add(process);
    if (event === 'sync ended') counts.syncs += 1;
    if (event === 'sync ended' && (begun.has(process) || (hasRequest && isWhole(line)))) isSynced = true;
    if (event === 'accepted') counts.accepted += 1;
    if (event === 'accepted' && !isSynced) early.push(counts.accepted);
    if (event === 'accepted' || event === 'other answer') [hasRequest, begun, isSynced] = [false, new Set(), false];
  }
  return { ...counts, early };
}

function eventOf(line: string): TraceEvent | undefined {
  if (/\b(fdatasync|fsync)\(\d+ <unfinished/.test(line)) return 'sync began';
  if (/\b(fdatasync|fsync)(\(\d+\)| resumed>\)?) += 0\b/.test(line)) return 'sync ended';
  if (/\brecv(from|msg|mmsg)\b/.test(line) && line.includes('"MESSAGE ')) return 'request came';
  if (!/\bsend(to|msg|mmsg)\b/.test(line) || !line.includes('"SIP/2.0 ')) return undefined;
  return line.includes('"SIP/2.0 202') ? 'accepted' : 'other answer';
}

/** Begun and ended without another call in between. */
function isWhole(line: string): boolean {
  return !line.includes('resumed>');
}
