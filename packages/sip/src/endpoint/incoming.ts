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
  /** Asked for each request, because it may be set late. */
  readonly handler: () => RequestHandler;
}

const noOctets = new Uint8Array(0);

export class Incoming {
  readonly #parts: IncomingParts;
  readonly #context: EndpointContext;
  readonly #parseLimits: ParseLimits;
  readonly #allow: ReadonlySet<string>;
  readonly #allowHeader: Headers;
  readonly #retryAfter: Headers;

  constructor(parts: IncomingParts) {
    const { allow = defaultAllow, parseLimits } = parts.context.options;
    if (allow.includes('INVITE') || allow.includes('ACK'))
      throw new Error('an endpoint has no INVITE transactions: allow may not hold INVITE or ACK');
    this.#parts = parts;
    this.#context = parts.context;
    this.#parseLimits = { ...defaultParseLimits, ...parseLimits };
    this.#allow = new Set(allow);
    this.#allowHeader = Headers.of(['Allow', allow.join(', ')]);
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
    const known = via !== undefined && method !== undefined && this.#parts.clients.received(via, method, response);
    if (!known) this.#context.on.stray?.(response, flow);
  }

  #request(request: SipRequest, flow: Flow): void {
    // Its INVITE was refused without a transaction, so that nothing waits for it (RFC 3261 §8.2.7).
    if (request.method === 'ACK') return;
    const problem = checkRequest(request);
    if (problem !== undefined) {
      this.#refuse(request, problem, flow);
      return;
    }
    const via = request.headers.value(viaHeader);
    if (via !== undefined) this.#checked(request, via, flow);
  }

  #checked(request: SipRequest, via: Via, flow: Flow): void {
    const { servers, listeners } = this.#parts;
    const key = serverKey(request, via);
    if (servers.absorb(key, flow)) return;
    const refusal = this.#refusal(request.method);
    if (refusal !== undefined) {
      this.#refuse(request, refusal, flow);
      return;
    }
    const path = replyPath(via, flow, listeners, this.#context.options.network);
    this.#handle(servers.open(key, withSource(request, via, flow.remote), flow, path));
  }

  /** What is answered without a transaction. */
  #refusal(method: string): Refusal | undefined {
    // Only an INVITE can be cancelled, and here there is none (RFC 3261 §9.2).
    if (method === 'CANCEL') return { status: 481 };
    if (!this.#allow.has(method)) return { status: 405, headers: this.#allowHeader };
    if (this.#parts.servers.size >= this.#context.limits.serverTransactions) return { status: 503, headers: this.#retryAfter };
    return undefined;
  }

  #handle(transaction: ServerTransaction): void {
    try {
      const handled = this.#parts.handler()(transaction);
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
    if (request.method === 'ACK' || !isAnswerable(request)) return;
    this.#context.on.refused?.(status, request, flow);
    const via = request.headers.value(viaHeader);
    const answered = via === undefined ? request : withSource(request, via, flow.remote);
    const response = responseTo(answered, status, {
      toTag: this.#context.toTag(request),
      ...(status === 400 && reason !== undefined ? { reason } : {}),
      ...(headers === undefined ? {} : { headers }),
    });
    const path = via === undefined ? undefined : replyPath(via, flow, this.#parts.listeners, this.#context.options.network);
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
