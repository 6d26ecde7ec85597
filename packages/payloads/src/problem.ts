/**
 * What is wrong with a payload that a peer sent. It is a value: the caller turns it into an answer of its protocol
 * (SIP: `too-large` and `too-many` are 413, everything else is 400).
 */
export interface PayloadProblem {
  readonly kind: 'payload-problem';
  readonly code: PayloadProblemCode;
  /** Where in the octets that were given, counted from 0; 0 when the whole payload is meant. */
  readonly offset: number;
  /** A sentence that may be shown to the peer. It repeats nothing of the payload. */
  readonly text: string;
}

export type PayloadProblemCode =
  /** Something that must be there is not. */
  | 'missing'
  /** The grammar is violated beyond what is tolerated. */
  | 'malformed'
  /** A limit on octets is passed. */
  | 'too-large'
  /** A limit on headers, parts or elements is passed. */
  | 'too-many'
  /** A limit on nesting is passed. */
  | 'too-deep'
  /** Well formed, but not a thing that is read here, such as a document type declaration. */
  | 'unsupported';

export function payloadProblem(code: PayloadProblemCode, offset: number, text: string): PayloadProblem {
  return { kind: 'payload-problem', code, offset, text };
}

export function isPayloadProblem(value: object): value is PayloadProblem {
  return 'kind' in value && value.kind === 'payload-problem';
}
