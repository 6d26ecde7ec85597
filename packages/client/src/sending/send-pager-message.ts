import type { ClientOutcome, Clock, SipResponse } from '@opencpm/sip';
import type { CoreLink } from '../core/core-link.ts';
import type { DigestAnswers } from '../core/digest-answers.ts';
import { messageUid, pagerModeLimitOctets } from '../cpm.ts';
import type { Identifiers } from '../identifiers.ts';
import { refusedBy, type SendOutcome } from '../outcomes.ts';
import type { OwnIdentity } from '../own-identity.ts';
import { type MessageEnvelope, messageRequest } from './message-request.ts';

/** What every sending needs. */
export interface Sending {
  readonly own: OwnIdentity;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
  readonly digest: DigestAnswers;
  /** Opens the way to the core when it is not open; rejects with an Error when it cannot. */
  readonly link: () => Promise<CoreLink>;
}

export interface PagerMessage {
  readonly envelope: MessageEnvelope;
  /** The CPIM wrapper. */
  readonly cpim: Uint8Array;
  /** imdn.Message-ID within it. */
  readonly messageId: string;
  readonly signal?: AbortSignal | undefined;
}

/** Sending a Pager Mode CPM Standalone Message (A 7.2.1.1, D 7.2.1.1). */
export async function sendPagerMessage(message: PagerMessage, sending: Sending): Promise<SendOutcome> {
  const { cpim, signal } = message;
  // A-7.2.1.3-08: what is larger takes another way, large mode, which this client does not have yet.
  if (cpim.length > pagerModeLimitOctets) return { kind: 'too-large', sizeOctets: cpim.length, limitOctets: pagerModeLimitOctets };
  const link = await sending.link().catch((error: unknown) => reasonOf(error));
  if (typeof link === 'string') return { kind: 'unreachable', reason: link };
  const envelope = messageRequest(message.envelope, sending.own, link, sending.identifiers);
  // A-7.2.1.1-18, -19
  const request = { ...envelope, headers: envelope.headers.append('Content-Type', 'message/cpim'), body: cpim };
  let sequence = 0;
  const nextSequence = () => {
    sequence += 1;
    return sequence;
  };
  return outcomeOf(await link.request(request, { digest: sending.digest, sequence: nextSequence, signal }), message);
}

function outcomeOf(outcome: ClientOutcome, message: PagerMessage): SendOutcome {
  switch (outcome.kind) {
    case 'response':
      return outcome.response.status < 300 ? accepted(outcome.response, message) : refusedBy(outcome.response);
    case 'timeout':
      return { kind: 'unreachable', reason: 'no answer' };
    case 'transport-failure':
      return { kind: 'unreachable', reason: outcome.reason };
  }
}

/** A-7.2.1.1-21, decision 29: the UID is taken from any 2xx. */
function accepted(response: SipResponse, { envelope, messageId }: PagerMessage): SendOutcome {
  const uid = messageUid(response.headers);
  return {
    kind: 'accepted',
    status: response.status,
    messageId,
    conversationId: envelope.conversationId,
    contributionId: envelope.contributionId,
    ...(uid === undefined ? {} : { messageUid: uid }),
    deferred: response.status === 202,
  };
}

/** Of what could not be resolved or bound. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
