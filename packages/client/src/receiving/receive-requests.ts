import { Headers, type HostPort, Parameters, pPreferredIdentityHeader, responseTo, type ServerTransaction } from '@opencpm/sip';
import type { ServerAddress } from '../core/addresses.ts';
import { identityHeaderNames } from '../cpm.ts';
import type { Identifiers } from '../identifiers.ts';
import type { ClientOptions } from '../options.ts';
import type { OwnIdentity } from '../own-identity.ts';
import { RecentEntries } from '../recent-entries.ts';
import { acceptedTypes, type Reading, readMessage } from './read-message.ts';
import type { ClientHandlers, ReceivedMessage } from './received.ts';

/** Messages that are remembered as shown. */
const rememberedMessages = 10_000;

export interface Receiving {
  readonly own: OwnIdentity;
  readonly identifiers: Identifiers;
  readonly options: ClientOptions;
  readonly handlers: ClientHandlers;
  /** Undefined while the way to the core is being opened. */
  readonly server: () => ServerAddress | undefined;
  /** Called behind the 200 for each message that was shown. */
  readonly shown: (message: ReceivedMessage) => void;
}

/** Receiving a Pager Mode CPM Standalone Message (A 7.2.2.1), and OPTIONS. */
export class ReceiveRequests {
  readonly #receiving: Receiving;
  /** Originator and imdn.Message-ID of what was shown, so that a replay is not shown again. */
  readonly #seen = new RecentEntries<true>(rememberedMessages);

  constructor(receiving: Receiving) {
    this.#receiving = receiving;
  }

  receive(transaction: ServerTransaction): void {
    const { request, source } = transaction;
    if (!this.#isFromServer(transaction)) {
      this.#receiving.options.log?.({ kind: 'foreign-request', source, method: request.method });
      this.#respond(transaction, 403);
    } else if (request.method === 'OPTIONS') {
      this.#respond(transaction, 200, { headers: Headers.of(['Allow', 'MESSAGE, OPTIONS'], ['Accept', acceptedTypes]) });
    } else {
      this.#take(transaction, readMessage(request, this.#receiving.own.text));
    }
  }

  #take(transaction: ServerTransaction, reading: Reading): void {
    switch (reading.kind) {
      case 'refused':
        this.#refuse(transaction, reading);
        return;
      case 'notification':
        this.#takeNotification(transaction, reading);
        return;
      case 'message':
        this.#takeMessage(transaction, reading.message);
    }
  }

  #refuse(transaction: ServerTransaction, { status, reason, headers }: Reading & { readonly kind: 'refused' }): void {
    this.#receiving.options.log?.({ kind: 'refused', status, reason: reason ?? '' });
    this.#respond(transaction, status, { ...(reason === undefined ? {} : { reason }), ...(headers === undefined ? {} : { headers }) });
  }

  #takeNotification(transaction: ServerTransaction, reading: Reading & { readonly kind: 'notification' }): void {
    const { from, messageId, dispositions } = reading;
    if (this.#isDuplicate(from, messageId)) {
      this.#accept(transaction);
      return;
    }
    if (dispositions.length === 0) this.#receiving.options.log?.({ kind: 'not-shown', reason: 'a notification of an unknown kind' });
    for (const disposition of dispositions) this.#receiving.handlers.disposition?.(disposition);
    this.#remember(from, messageId);
    this.#accept(transaction);
  }

  /** A-7.2.2.1-01, -02 and -07. */
  #takeMessage(transaction: ServerTransaction, message: ReceivedMessage): void {
    const { from, messageId, content } = message;
    if (this.#isDuplicate(from, messageId)) {
      this.#accept(transaction);
      return;
    }
    if (content.disposition === 'notification') {
      this.#receiving.options.log?.({ kind: 'not-shown', reason: 'a plain message that calls itself a notification' });
      this.#accept(transaction);
      return;
    }
    if (this.#receiving.handlers.message(message) === 'reject') {
      this.#respond(transaction, 480);
      return;
    }
    this.#remember(from, messageId);
    this.#accept(transaction);
    this.#receiving.shown(message);
  }

  #isDuplicate(from: string, messageId: string | undefined): boolean {
    if (messageId === undefined || !this.#seen.has(`${from} ${messageId}`)) return false;
    this.#receiving.options.log?.({ kind: 'duplicate', from, messageId });
    return true;
  }

  #remember(from: string, messageId: string | undefined): void {
    if (messageId !== undefined) this.#seen.set(`${from} ${messageId}`, true);
  }

  /** A-7.2.2.1-02 to -05. The endpoint adds Server (A-7.2.2.1-03). */
  #accept(transaction: ServerTransaction): void {
    const { headers } = transaction.request;
    let answered = Headers.of().append(pPreferredIdentityHeader, { uri: this.#receiving.own.uri, parameters: Parameters.empty });
    for (const name of identityHeaderNames) {
      const value = headers.text(name);
      if (value !== undefined) answered = answered.append(name, value);
    }
    this.#respond(transaction, 200, { headers: answered });
  }

  #respond(transaction: ServerTransaction, status: number, options: { readonly reason?: string; readonly headers?: Headers } = {}): void {
    transaction.respond(responseTo(transaction.request, status, { ...options, toTag: this.#receiving.identifiers.tag() }));
  }

  /** A UDP source is the server's socket; a connection may come from any of its ports. */
  #isFromServer({ source, flow }: ServerTransaction): boolean {
    const { options, server } = this.#receiving;
    if (options.acceptFrom === 'anybody') return true;
    const known = server();
    if (known === undefined) return false;
    return flow.transport === 'UDP' ? isOneOf(known, source) : known.hosts.includes(source.host);
  }
}

function isOneOf({ hosts, address }: ServerAddress, source: HostPort): boolean {
  return source.port === address.port && hosts.includes(source.host);
}
