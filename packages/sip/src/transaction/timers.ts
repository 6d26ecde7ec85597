/**
 * The timers of RFC 3261 Table 4 that non-INVITE transactions use, in milliseconds, under the RFC's names.
 * No other file of the transaction layer holds a duration.
 */

/** Estimate of the round-trip time (RFC 3261 §17.1.1.1). */
export const T1 = 500;
/** Longest interval between retransmissions of a non-INVITE request (RFC 3261 §17.1.2.2). */
export const T2 = 4_000;
/** Longest time a message stays in the network (RFC 3261 §17.1.2.2). */
export const T4 = 5_000;

export interface NonInviteTimers {
  /** First interval of request retransmission; doubles up to T2. Infinity: never. */
  readonly E: number;
  /** How long a client waits for the final response. */
  readonly F: number;
  /** How long a server keeps its final response for retransmitted requests. */
  readonly J: number;
  /** How long a client absorbs retransmitted responses. */
  readonly K: number;
  /**
   * When an unanswered server transaction sends 100, and on an unreliable transport may first do so: when the
   * client's Timer E has grown to T2, after 1 + 2 + 4 times T1 (RFC 4320 §4.1).
   */
  readonly trying: number;
}

export const unreliableTimers: NonInviteTimers = { E: T1, F: 64 * T1, J: 64 * T1, K: T4, trying: 7 * T1 };

/** Over TCP nothing is retransmitted, so nothing has to be absorbed (RFC 3261 §17.1.2.2, §17.2.2). */
export const reliableTimers: NonInviteTimers = { E: Number.POSITIVE_INFINITY, F: 64 * T1, J: 0, K: 0, trying: 7 * T1 };

export function nonInviteTimers(reliable: boolean): NonInviteTimers {
  return reliable ? reliableTimers : unreliableTimers;
}
