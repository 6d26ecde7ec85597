/**
 * How loaded this process is just now: two plain numbers, read before a request is taken on. Whoever decides on
 * overload needs no more than this face.
 */
export interface LoadGauges {
  /** How late the event loop is on average over the last window, milliseconds; 0 where nothing measures it. */
  readonly eventLoopDelayMilliseconds: number;
  /** Batches that wait for the database. */
  readonly pendingCommits: number;
}

/** What a platform tells at the end of each window of `eventLoopWindowMilliseconds`. */
export interface EventLoopWindow {
  readonly meanMilliseconds: number;
  readonly worstMilliseconds: number;
}

/** Long enough to average out a collection of garbage, short enough to see an overload begin. */
export const eventLoopWindowMilliseconds = 500;
