/** The way of what comes in: octets, message, then a transaction or an answer without one. */
import { checkRequest } from '../message/check-request.ts';
import type { FrameEvent } from '../message/framer.ts';
import { cseqHeader } from '../message/headers/cseq.ts';
import { type Via, viaHeader } from '../message/headers/via.ts';
import { Headers } from '../message/headers.ts';
import { defaultParseLimits, type ParseLimits } from '../message/limits.ts';
import { responseTo, type SipRequest, type SipResponse } from '../message/message.ts';
import { type ParseResult, parseMessage } from '../message/parse.ts';
import type { Flow } from '../platform.ts';
import { serverKey } from '../transaction/keys.ts';
import type { ClientTransactions } from './client-transactions.ts';
import type { Connections } from './connections.ts';
import type { EndpointContext } from './context.ts';
import type { InviteClientTransactions } from './invite-client-transactions.ts';
import type { InviteIncoming } from './invite-incoming.ts';
import type { Listeners } from './listeners.ts';
import { defaultAllow, type RequestHandler, type ServerTransaction } from './options.ts';
import type { ServerTransactions } from './server-transactions.ts';
import { replyPath, withSource } from './vias.ts';

export interface IncomingParts {
  readonly context: EndpointContext;
  readonly listeners: Listeners;
  readonly connections: Connections;
  readonly servers: ServerTransactions;
  readonly clients: ClientTransactions;
  readonly inviteClients: InviteClientTransactions;
  readonly invites: InviteIncoming;
  /** Asked for each request, because it may be set late. */
  readonly handler: () => RequestHandler;
}

const noOctets = new Uint8Array(0);

export class Incoming {
  readonly #parts: IncomingParts;
  readonly #context: EndpointContext;
  readonly #parseLimits: ParseLimits;
  /** Absent: all. */
  readonly #allow: ReadonlySet<string> | undefined;
  readonly #allowHeader: Headers;
  readonly #retryAfter: Headers;

  constructor(parts: IncomingParts) {
    const { allow = defaultAllow, parseLimits } = parts.context.options;
    const named = allow === 'any' ? [] : allow;
    if (named.includes('ACK') || named.includes('CANCEL')) throw new Error('ACK and CANCEL go with INVITE: allow may not hold them');
    this.#parts = parts;
    this.#context = parts.context;
    this.#parseLimits = { ...defaultParseLimits, ...parseLimits };
    this.#allow = allow === 'any' ? undefined : new Set(named);
    this.#allowHeader = Headers.of(['Allow', named.join(', ')]);
    this.#retryAfter = Headers.of(['Retry-After', String(parts.context.limits.retryAfterSeconds)]);
  }

  received(octets: Uint8Array, flow: Flow): void {
    try {
      if (flow.transport === 'UDP') this.#whole(octets, flow);
      else this.#stream(octets, flow);
    } catch (error) {
      this.#context.fault(error);
    }
  }

  #stream(octets: Uint8Array, flow: Flow): void {
    for (const event of this.#parts.connections.received(octets, flow)) {
      if (flow.closed) return;
      this.#framed(event, flow);
    }
  }

  #framed(event: FrameEvent, flow: Flow): void {
    switch (event.kind) {
      case 'frame':
        this.#whole(event.octets, flow);
        return;
      case 'ping':
        this.#parts.connections.answerPing(flow);
        return;
      case 'too-large':
        this.#broken(event.head, event.status, 'message too large', flow);
        return;
      case 'broken':
        this.#broken(event.head, 400, event.reason, flow);
    }
  }

  /** Where the next message begins is no longer known: an answer if there is enough to answer, and the end. */
  #broken(head: Uint8Array | undefined, status: number, reason: string, flow: Flow): void {
    this.#context.on.malformed?.(reason, head ?? noOctets, flow);
    const result = head === undefined ? undefined : parseMessage(head, this.#context.options.octets, this.#parseLimits);
    const request = result === undefined ? undefined : requestOf(result);
    if (request !== undefined) this.#refuse(request, { status, reason }, flow);
    flow.close();
  }

  #whole(octets: Uint8Array, flow: Flow): void {
    const result = parseMessage(octets, this.#context.options.octets, this.#parseLimits);
    switch (result.kind) {
      case 'keep-alive':
        return;
      case 'malformed':
        this.#context.on.malformed?.(result.reason, octets, flow);
        if (result.partial !== undefined) this.#refuse(result.partial, result, flow);
        return;
      case 'message':
        this.#context.on.received?.(result.message, flow);
        if (result.message.kind === 'request') this.#request(result.message, flow);
        else this.#response(result.message, flow);
    }
  }

  #response(response: SipResponse, flow: Flow): void {
    const via = response.headers.value(viaHeader);
    const method = response.headers.value(cseqHeader)?.method;
    if (via === undefined || method === undefined || !this.#isKnown(via, method, response)) this.#context.on.stray?.(response, flow);
  }

  #isKnown(via: Via, method: string, response: SipResponse): boolean {
    if (method === 'INVITE') return this.#parts.inviteClients.received(via, response);
    return this.#parts.clients.received(via, method, response);
  }

  #request(request: SipRequest, flow: Flow): void {
    if (request.method === 'ACK') {
      // Where no INVITE is let in, it was refused without a transaction and nothing waits for its ACK (RFC 3261 §8.2.7).
      if (this.#takes('INVITE')) this.#parts.invites.acknowledged(request, flow);
      return;
    }
    const problem = checkRequest(request);
    if (problem !== undefined) {
      this.#refuse(request, problem, flow);
      return;
    }
    const via = request.headers.value(viaHeader);
    if (via !== undefined) this.#checked(request, via, flow);
  }

  #checked(request: SipRequest, via: Via, flow: Flow): void {
    const { servers, listeners, invites } = this.#parts;
    const key = serverKey(request, via);
    if (request.method === 'INVITE' ? invites.absorb(key, flow) : servers.absorb(key, flow)) return;
    const refusal = this.#refusal(request, via);
    if (refusal !== undefined) {
      this.#refuse(request, refusal, flow);
      return;
    }
    const path = replyPath(via, flow, listeners, this.#context.options);
    const sourced = withSource(request, via, flow.remote);
    if (request.method === 'INVITE') this.#handle(invites.open(key, sourced, flow, path), invites.handler);
    else if (request.method === 'CANCEL') this.#cancel(servers.open(key, sourced, flow, path), via);
    else this.#handle(servers.open(key, sourced, flow, path), this.#parts.handler());
  }

  #cancel(transaction: ServerTransaction, via: Via): void {
    const { request } = transaction;
    transaction.respond(responseTo(request, 200, { toTag: this.#context.toTag(request) }));
    this.#parts.invites.cancelled(request, via);
  }

  /** What is answered without a transaction. */
  #refusal(request: SipRequest, via: Via): Refusal | undefined {
    // Only an INVITE can be cancelled, and what is not known here has no branches to pass that on to (RFC 3261 §9.2).
    if (request.method === 'CANCEL') return this.#parts.invites.cancels(request, via) ? undefined : { status: 481 };
    if (!this.#takes(request.method)) return { status: 405, headers: this.#allowHeader };
    if (this.#held >= this.#context.limits.serverTransactions) return { status: 503, headers: this.#retryAfter };
    return undefined;
  }

  #takes(method: string): boolean {
    return this.#allow === undefined || this.#allow.has(method);
  }

  get #held(): number {
    return this.#parts.servers.size + this.#parts.invites.size;
  }

  #handle<T extends ServerTransaction>(transaction: T, handler: (transaction: T) => void | Promise<void>): void {
    try {
      const handled = handler(transaction);
      if (handled instanceof Promise) handled.catch((error: unknown) => this.#failed(transaction, error));
    } catch (error) {
      this.#failed(transaction, error);
    }
  }

  #failed(transaction: ServerTransaction, error: unknown): void {
    const { request } = transaction;
    if (!transaction.answered) transaction.respond(responseTo(request, 500, { toTag: this.#context.toTag(request) }));
    this.#context.fault(error);
  }

  /** Answers without a transaction; a retransmission gets the same answer again (RFC 3261 §8.2.7). */
  #refuse(request: SipRequest, { status, reason, headers }: Refusal, flow: Flow): void {
    if (request.method === 'ACK' || !isAnswerable(request) || this.#context.options.answersRefusals?.(flow) === false) return;
    this.#context.on.refused?.(status, request, flow);
    const via = request.headers.value(viaHeader);
    const answered = via === undefined ? request : withSource(request, via, flow.remote);
    const response = responseTo(answered, status, {
      toTag: this.#context.toTag(request),
      ...(status === 400 && reason !== undefined ? { reason } : {}),
      ...(headers === undefined ? {} : { headers }),
    });
    const path = via === undefined ? undefined : replyPath(via, flow, this.#parts.listeners, this.#context.options);
    // Who closed his connection without waiting gets no new one for a refusal.
    this.#parts.servers.reply(response, { flow: path?.flow ?? flow, fallback: undefined });
  }
}

/** By these two a client finds the request that was refused, whatever else it has left out (RFC 3261 §17.1.3, RFC 4475 §3.3.1). */
function isAnswerable({ headers }: SipRequest): boolean {
  return headers.has(viaHeader) && headers.has(cseqHeader);
}

/** An answer without a transaction. */
interface Refusal {
  readonly status: number;
  /** Goes into a 400 only: the other ones say enough. */
  readonly reason?: string;
  readonly headers?: Headers;
}

function requestOf(result: ParseResult): SipRequest | undefined {
  if (result.kind === 'malformed') return result.partial;
  return result.kind === 'message' && result.message.kind === 'request' ? result.message : undefined;
}
