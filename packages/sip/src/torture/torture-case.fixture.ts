import type { SipMessage } from '../message/message.ts';

/**
 * What becomes of a message: `handled` reaches who serves it with its full meaning, a status is answered before anybody
 * looks at what is asked, `dropped` is no message and not answered, `unmatched` is a response to nothing that we sent.
 */
export type Handling = 'handled' | 'dropped' | 'unmatched' | number;

/** One test message of an RFC, with what the RFC wants of it and what we do. */
export interface TortureCase {
  /** The section that holds the message and says what is right. */
  readonly section: string;
  /** The RFC's name for it. */
  readonly name: string;
  readonly title: string;
  /** As octet string. Own values where the file of the RFC is not here. */
  readonly text: string;
  /** By an endpoint whose handler takes every method but INVITE, as a datagram. */
  readonly datagram: Handling;
  /** The same on a stream, where it is not as with datagrams. */
  readonly stream?: readonly Handling[];
  /** Why a choice that the RFC leaves to us, or a deviation from what it prefers, is what it is. */
  readonly because?: string;
  /** By a server whose domain is example.com with the users `user`, `watson` and `j.user`. */
  readonly server: ServerAnswers;
  /** Checks the meaning of the message: typed values, and not only that it was read. */
  readonly means?: (message: SipMessage) => void;
}

/** Statuses; `none` where nothing may be answered. */
export interface ServerAnswers {
  /** To somebody whom nobody knows. */
  readonly stranger: number | 'none';
  /** To a peer inside the network. As for a stranger when left out. */
  readonly trusted?: number | 'none';
  /** On a stream, where that is not what a stranger gets to a datagram. */
  readonly stream?: readonly number[];
  /** To that user with his password, when the message is a REGISTER; the beginning of the Contact that the 200 tells him. */
  readonly user?: readonly [name: string, status: number, contact?: string];
}

/** A message from its lines; Content-Length stands among them where the case is about it. */
export function messageText(lines: readonly string[], body = ''): string {
  const head = lines.some((line) => /^(Content-Length|l)[ \t]*:/i.test(line)) ? lines : [...lines, `Content-Length: ${body.length}`];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
