import { anonymityRequested, authenticatedOriginator, messageNames, type OutcomeRecord, serviceOf } from '@opencpm/cpm';

/** What a record says beside the outcome itself. */
export interface RecordContext {
  /** Unique, and rising within one process. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** First identity of the user whose function it was. */
  readonly servedUser: string;
}

/**
 * One JSON line of the message record file, for billing. Members are documented in docs/operating.md and only ever
 * added to; what a message does not have is left out. Who sends anonymously is named in the record of his own
 * originating function only.
 */
export function messageRecord(outcome: OutcomeRecord, { id, now, servedUser }: RecordContext): string {
  const { request, status } = outcome;
  const { callId, conversationId, contributionId, messageId } = messageNames(request);
  return JSON.stringify({
    time: new Date(now).toISOString(),
    id,
    function: outcome.case,
    servedUser,
    otherParty: otherParty(outcome),
    callId,
    conversationId,
    contributionId,
    messageId,
    service: serviceOf(request.headers.text('P-Asserted-Service')?.trim() ?? '') ?? 'msg',
    bodyBytes: request.body.length,
    status,
    outcome: outcome.outcome,
    ...(outcome.case === 'deferred' ? { waitedMilliseconds: now - outcome.arrivedAt } : {}),
  });
}

/** The recipient as the sender wrote him; for the recipient's functions the sender as the core knows him. */
function otherParty({ case: served, request }: OutcomeRecord): string | undefined {
  if (served === 'originating') return request.uri;
  return anonymityRequested(request.headers) ? undefined : authenticatedOriginator(request.headers);
}
