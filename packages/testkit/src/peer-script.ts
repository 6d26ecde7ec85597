import type { Headers, SipRequest } from '@opencpm/sip';

/** One arrival of a request at a scripted peer. */
export interface Occasion {
  readonly request: SipRequest;
  /** Which request it is, from 1; a retransmission keeps the number of its request. */
  readonly turn: number;
  /** 1 for its first arrival, 2 for the first retransmission. */
  readonly copy: number;
}

export interface StatusAnswer {
  readonly kind: 'status';
  readonly status: number;
  readonly reason?: string;
  readonly headers?: Headers;
  readonly body?: Uint8Array;
}

export type PeerAnswer =
  | StatusAnswer
  | { readonly kind: 'silence' }
  /** Text that goes out as it is, in UTF-8, be it SIP or not. */
  | { readonly kind: 'raw'; readonly text: string }
  /** Closes the connection that the request came on; on UDP the same as silence. */
  | { readonly kind: 'hang up' }
  | { readonly kind: 'late'; readonly milliseconds: number; readonly answer: PeerAnswer }
  | { readonly kind: 'several'; readonly answers: readonly PeerAnswer[] };

/** What a peer does with each arrival of a request. ACK is never answered. */
export type PeerScript = (occasion: Occasion) => PeerAnswer;

export const silence: PeerAnswer = { kind: 'silence' };

export const hangUp: PeerAnswer = { kind: 'hang up' };

export function answer(status: number, options: Omit<StatusAnswer, 'kind' | 'status'> = {}): PeerAnswer {
  return { kind: 'status', status, ...options };
}

export function rawAnswer(text: string): PeerAnswer {
  return { kind: 'raw', text };
}

export function late(milliseconds: number, answered: PeerAnswer): PeerAnswer {
  return { kind: 'late', milliseconds, answer: answered };
}

export function several(...answers: readonly PeerAnswer[]): PeerAnswer {
  return { kind: 'several', answers };
}

export function twice(answered: PeerAnswer): PeerAnswer {
  return several(answered, answered);
}

export function always(answered: PeerAnswer): PeerScript {
  return () => answered;
}

/** The first answer for the first request and its retransmissions, and so on; the last one for all that follow. */
export function inTurn(...answers: readonly [PeerAnswer, ...PeerAnswer[]]): PeerScript {
  return ({ turn }) => atOrLast(answers, turn - 1);
}

/** The first answer for a request's first arrival, the second for its first retransmission; the last one from then on. */
export function byCopy(...answers: readonly [PeerAnswer, ...PeerAnswer[]]): PeerScript {
  return ({ copy }) => atOrLast(answers, copy - 1);
}

/** A script for each method; 501 for the others. */
export function byMethod(scripts: Readonly<Record<string, PeerScript>>): PeerScript {
  return (occasion) => scripts[occasion.request.method]?.(occasion) ?? answer(501);
}

function atOrLast(answers: readonly [PeerAnswer, ...PeerAnswer[]], index: number): PeerAnswer {
  return answers[index] ?? answers.at(-1) ?? answers[0];
}
