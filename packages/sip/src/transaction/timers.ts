/**
 * The timers of RFC 3261 Table 4 as RFC 4320 and RFC 6026 correct it, in milliseconds, under the RFCs' names.
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

export interface InviteTimers {
  /** First interval of request retransmission; doubles without a limit. Infinity: never. */
  readonly A: number;
  /** How long a client waits for any response. */
  readonly B: number;
  /** How long a client absorbs retransmissions of a response other than 2xx. */
  readonly D: number;
  /** First interval of response retransmission; doubles up to T2. Infinity: never. */
  readonly G: number;
  /** How long a server waits for the ACK to a response other than 2xx. */
  readonly H: number;
  /** How long a server absorbs retransmitted ACKs. */
  readonly I: number;
  /** How long a server takes further 2xx from its user, and absorbs retransmitted requests (RFC 6026 §8.4). */
  readonly L: number;
  /** How long a client passes further 2xx to its user (RFC 6026 §8.4). */
  readonly M: number;
  /** How long a client whose request was cancelled waits for the final response (RFC 3261 §9.1). */
  readonly cancelled: number;
  /** When a server answers 100 for a user who has said nothing yet (RFC 3261 §17.2.1). */
  readonly trying: number;
}

export const unreliableInviteTimers: InviteTimers = {
  A: T1,
  B: 64 * T1,
  D: 32_000,
  G: T1,
  H: 64 * T1,
  I: T4,
  L: 64 * T1,
  M: 64 * T1,
  cancelled: 64 * T1,
  trying: 200,
};

/** Over TCP nothing is retransmitted, but what is answered 2xx or waits for an ACK stays as long. */
export const reliableInviteTimers: InviteTimers = {
  ...unreliableInviteTimers,
  A: Number.POSITIVE_INFINITY,
  D: 0,
  G: Number.POSITIVE_INFINITY,
  I: 0,
};

export function inviteTimers(reliable: boolean): InviteTimers {
  return reliable ? reliableInviteTimers : unreliableInviteTimers;
}
