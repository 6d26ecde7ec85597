import { octetsToText, type SipResponse, warningHeader } from '@opencpm/sip';

/** The server said no. */
export interface Refused {
  readonly kind: 'refused';
  readonly status: number;
  readonly reason: string;
  /** The text of the first Warning, such as `119 Anonymity not allowed`. */
  readonly warning?: string;
}

/** No answer: nobody knows whether the request arrived. */
export interface Unreachable {
  readonly kind: 'unreachable';
  readonly reason: string;
}

export type SendOutcome =
  | {
      readonly kind: 'accepted';
      /** 2xx. */
      readonly status: number;
      /** imdn.Message-ID, which notifications name. */
      readonly messageId: string;
      readonly conversationId: string;
      readonly contributionId: string;
      /** The UID in the sender's message store, when the message was recorded (A-7.2.1.1-21). */
      readonly messageUid?: number;
      /** True for 202: kept for a recipient who is away. */
      readonly deferred: boolean;
    }
  | Refused
  | {
      /** Too large for pager mode; nothing was sent. */
      readonly kind: 'too-large';
      /** Of the complete CPIM body. */
      readonly sizeOctets: number;
      readonly limitOctets: number;
    }
  | Unreachable;

/** `not-requested`: the sender has not asked for it, so that nothing was sent. */
export type NotificationOutcome = SendOutcome | { readonly kind: 'not-requested'; readonly reason: string };

/** `expiresSeconds` is what the server gave; 0 after a de-registration. */
export type RegistrationOutcome = { readonly kind: 'registered'; readonly expiresSeconds: number } | Refused | Unreachable;

export type RegistrationState =
  | { readonly kind: 'registered'; readonly expiresSeconds: number }
  | { readonly kind: 'unregistered' }
  /** Was registered; tried again after that time, or never again when it is absent. */
  | { readonly kind: 'lost'; readonly reason: string; readonly retryInMilliseconds?: number };

export function refusedBy(response: SipResponse): Refused {
  const warning = response.headers.value(warningHeader)?.text;
  const refused: Refused = { kind: 'refused', status: response.status, reason: octetsToText(response.reason) };
  return warning === undefined ? refused : { ...refused, warning };
}
