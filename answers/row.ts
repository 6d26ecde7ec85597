/**
 * One situation and what the server makes of it. Users are called alice (who sends), bob (whom she writes to), carol,
 * dave and erin; wherever such a name stands as a word in a row, a run puts a user of its own in its place.
 */
export interface AnswerRow {
  /** Kebab-case and unique: the name by which the row is reproduced. */
  readonly id: string;
  /** Clause ids, sections of RFCs and decisions that say so. */
  readonly clauses: readonly string[];
  /** One sentence for the page. */
  readonly situation: string;
  /** What the configuration file says beside `usualConfiguration`. */
  readonly configuration?: Configuration;
  /** Words after `opencpm`, run in this order before anything is sent. */
  readonly commands?: readonly string[];
  /** By user and device, such as `bob/phone`. */
  readonly clients?: Readonly<Record<string, Client | PeerAnswer>>;
  /** What the Interworking Selection Function answers; there is none when left out. */
  readonly isf?: PeerAnswer;
  /** What the server of the domain other.test answers; 200 when left out. */
  readonly neighbour?: PeerAnswer;
  /** Alice with her password when left out. */
  readonly sender?: Sender;
  readonly request: MessageRequest | RegisterRequest;
  readonly expected: Expectation;
}

/** Rows of one table of the page. */
export interface Section {
  readonly title: string;
  readonly text: string;
  readonly rows: readonly AnswerRow[];
}

export interface Configuration {
  readonly policy?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, number | string>>;
}

/**
 * What a peer makes of each MESSAGE: a status; `silent` never answers; `late` answers 200 once the sender has had his
 * answer; `text only` takes text/plain and answers 415 to the rest.
 */
export type PeerAnswer = number | 'silent' | 'late' | 'text only';

export interface Client {
  readonly answers: PeerAnswer;
  /** It registers after the message was sent, or has ended its registration before. */
  readonly presence?: 'comes afterwards' | 'has gone';
  /** It registers no CPM feature tag. */
  readonly isPlain?: boolean;
  /** Seconds that its refusals ask for. */
  readonly retryAfter?: number;
}

export type Sender =
  | UserSender
  /** Answers no challenge. */
  | { readonly kind: 'stranger' }
  /** The server of other.test, whose P-Asserted-Identity is believed. */
  | { readonly kind: 'trusted peer'; readonly asserts: string };

/** Answers challenges as a user; with another password than his when `password` is `wrong`. */
export interface UserSender {
  readonly kind: 'user';
  readonly name: string;
  readonly password?: 'wrong';
}

export interface MessageRequest {
  readonly method: 'MESSAGE';
  /** `sip:bob@cpm.test` when left out. `gruu of bob/phone` is the public GRUU that this client was given. */
  readonly to?: string;
  /** SIP and CPIM From; the address of the sender when left out. */
  readonly from?: string;
  /** A message when left out. */
  readonly kind?: 'message' | 'notification';
  /** A notification is about a message of alice’s client that it has sent to bob with Privacy: id; about an unknown one when left out. */
  readonly about?: 'anonymous message';
  /** The value of imdn.Disposition-Notification. */
  readonly asks?: string;
  /** In place of the usual headers of that name, or beside them. */
  readonly headers?: Readonly<Record<string, string>>;
  /** In place of the usual CPIM body. */
  readonly body?: string;
  /** How long the text is. */
  readonly textOctets?: number;
  /** So many others of the kind are sent before, one after the other. */
  readonly earlier?: number;
  /** The same message (same ids, another request) is sent so many times; the last answer counts. */
  readonly times?: number;
  /** So many are sent at once, none waiting for an answer. */
  readonly atOnce?: number;
}

export interface RegisterRequest {
  readonly method: 'REGISTER';
  /** The user in To; the sender himself when left out. */
  readonly of?: string;
  readonly expiresSeconds?: number;
}

/** Everything that is left out must not be there. */
export interface Expectation {
  readonly status: number;
  /** Without warn-code and agent: `122 Function not allowed`. */
  readonly warning?: string;
  readonly retryAfter?: true;
  /** Headers that the answer also has: `Min-Expires: 60`, or a name for any value. */
  readonly headers?: readonly string[];
  /** Clients that took the message (2xx), and nobody else did. */
  readonly delivered?: readonly string[];
  /** Users for whom a message waits, once for each message. */
  readonly deferred?: readonly string[];
  /** Users in whose message store a message was put in place of delivery. */
  readonly stored?: readonly string[];
  /** Clients whose copy carries a Message-UID, because it is in the store of their user. */
  readonly recorded?: readonly string[];
  /** It was handed to the Interworking Selection Function. */
  readonly interworked?: true;
  /** It was sent on to the domain other.test. */
  readonly sentOn?: true;
  /** What the sender is told by a disposition notification of the server. */
  readonly notification?: 'delivered' | 'failed';
  /** Nothing that the recipients got names the sender. */
  readonly senderIsHidden?: true;
  /** Only some of the requests that came at once are answered; nothing is said to the rest. */
  readonly someAreDropped?: true;
}

export const usualSender: UserSender = { kind: 'user', name: 'alice' };
