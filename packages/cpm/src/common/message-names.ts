import { imdnMessageId, isPayloadProblem } from '@opencpm/payloads';
import type { SipRequest } from '@opencpm/sip';
import { cpimOf } from './cpim-of.ts';
import { contributionIdHeader, conversationIdHeader } from './cpm-headers.ts';

/** The ids by which one message is found again in logs, records and peers' traces; undefined where it has none. */
export interface MessageNames {
  readonly callId: string | undefined;
  readonly conversationId: string | undefined;
  readonly contributionId: string | undefined;
  /** IMDN Message-ID (RFC 5438 §6.3). */
  readonly messageId: string | undefined;
}

/** Reads them from a request; its body is parsed unless a function has done that already. */
export function messageNames({ headers, body }: SipRequest): MessageNames {
  const cpim = cpimOf(body);
  return {
    callId: headers.text('Call-ID'),
    conversationId: headers.value(conversationIdHeader),
    contributionId: headers.value(contributionIdHeader),
    messageId: isPayloadProblem(cpim) ? undefined : imdnMessageId(cpim),
  };
}
