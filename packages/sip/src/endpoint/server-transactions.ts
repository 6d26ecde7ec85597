/** The server transactions of an endpoint: the machine of RFC 3261 §17.2.2 bound to flows, octets and timers. */
import { hashSeed } from '../key-hash.ts';
import { KeyTable } from '../key-table.ts';
import type { Via } from '../message/headers/via.ts';
import { responseTo, type SipRequest, type SipResponse } from '../message/message.ts';
import type { Flow, HostPort } from '../platform.ts';
import { locateReply } from '../routing/locate-servers.ts';
import type { TimerBucket, TimerEntry } from '../timer-wheel.ts';
import {
  completedServerNonInvite,
  type ServerInput,
  type ServerNonInviteState,
  type ServerOutput,
  serverNonInviteDeadline,
  startServerNonInvite,
  stepServerNonInvite,
} from '../transaction/server-non-invite.ts';
import { CompletedTransactions } from './completed-transactions.ts';
import type { Connections } from './connections.ts';
import type { EndpointContext } from './context.ts';
import type { ServerTransaction } from './options.ts';

/** Where responses to a request go (RFC 3261 §18.2.2, RFC 3581 §4). */
export interface ReplyPath {
  readonly flow: Flow;
  /** Tried once with a new connection when the flow is closed. */
  readonly fallback: HostPort | undefined;
  /** Where that connection is looked for when `fallback` takes none (RFC 3263 §5). */
  readonly sentBy?: Pick<Via, 'host' | 'port' | 'transport'>;
}

const noOctets = new Uint8Array(0);

export class ServerTransactions {
  readonly #context: EndpointContext;
  readonly #connections: Connections;
  /** Those that are not answered yet, or have answered by a 100. */
  readonly #byKey: KeyTable<ServerEntry>;
  readonly #completed: CompletedTransactions;

  constructor(context: EndpointContext, connections: Connections) {
    this.#context = context;
    this.#connections = connections;
    this.#byKey = new KeyTable(hashSeed(context.options.random));
    this.#completed = new CompletedTransactions(context);
  }

  get size(): number {
    return this.#byKey.size + this.#completed.size;
  }

  /** How many have no final response yet. */
  get unanswered(): number {
    return this.#byKey.size;
  }

  /** True when the request is a retransmission, which is then dealt with. */
  absorb(key: string, flow: Flow): boolean {
    const entry = this.#byKey.get(key) ?? this.#reviveCompleted(key);
    if (entry === undefined) return false;
    this.#context.on.retransmitted?.('received', flow);
    this.step(entry, 'request', this.#context.now());
    return true;
  }

  open(key: string, request: SipRequest, flow: Flow, path: ReplyPath): ServerTransaction {
    const state = startServerNonInvite(flow.reliable, this.#context.now());
    const entry = new ServerEntry(this, key, path, state);
    const transaction = new RespondingTransaction(this, entry, request, flow);
    entry.transaction = transaction;
    this.#byKey.set(entry.key, entry);
    this.#context.wheel.arm(entry, serverNonInviteDeadline(state));
    return transaction;
  }

  /** Does nothing for a transaction that has ended: its client has given up, or the endpoint was closed. */
  respond(entry: ServerEntry, response: SipResponse): void {
    if (this.#byKey.get(entry.key) !== entry) return;
    this.step(entry, response.status < 200 ? 'provisional' : 'final', this.#context.now(), response);
    if (entry.state.phase === 'completed') this.#keepCompleted(entry);
  }

  discard(entry: ServerEntry): void {
    if (this.#byKey.get(entry.key) !== entry) return;
    this.#byKey.delete(entry.key);
    this.#context.wheel.cancel(entry);
    entry.transaction = undefined;
  }

  step(entry: ServerEntry, input: ServerInput, now: number, response?: SipResponse): void {
    const { state, outputs } = stepServerNonInvite(entry.state, input, now);
    entry.state = state;
    // A completed one ends with those that completed before it.
    if (state.phase !== 'completed') this.#context.wheel.arm(entry, serverNonInviteDeadline(state));
    for (const output of outputs) this.#perform(entry, output, response);
  }

  /** Sends a response outside of any transaction. */
  reply(response: SipResponse, path: ReplyPath): void {
    this.#context.on.sent?.(response, path.flow);
    this.send(this.#context.serialize(response), path, () => undefined);
  }

  clear(): void {
    this.#byKey.clear();
    this.#completed.clear();
  }

  /** From here on only the answer's octets are needed; over TCP, where nothing completes, not even they. */
  #keepCompleted(entry: ServerEntry): void {
    this.#context.wheel.cancel(entry);
    this.#byKey.delete(entry.key);
    this.#completed.keep(entry.key, entry.octets, entry.path.flow, entry.state.endAt);
  }

  /** A completed transaction as the machine knows it, for one step. */
  #reviveCompleted(key: string): ServerEntry | undefined {
    const kept = this.#completed.find(key);
    if (kept === undefined) return undefined;
    const entry = new ServerEntry(this, key, { flow: kept.mark, fallback: undefined }, completedServerNonInvite(kept.expiresAt));
    entry.octets = kept.octets;
    return entry;
  }

  #perform(entry: ServerEntry, output: ServerOutput, response: SipResponse | undefined): void {
    switch (output) {
      case 'send':
        if (response !== undefined) this.#sendFirst(entry, response);
        return;
      case 'send-trying':
        if (entry.transaction !== undefined) this.#sendFirst(entry, responseTo(entry.transaction.request, 100));
        return;
      case 'resend':
        this.#sendOctets(entry);
        return;
      case 'unanswered':
        if (entry.transaction !== undefined) this.#context.on.unanswered?.(entry.transaction.request, entry.transaction.flow);
        return;
      case 'transport-failure':
        return;
      case 'terminated':
        this.#byKey.delete(entry.key);
        this.#completed.end(entry.key);
        entry.transaction = undefined;
    }
  }

  #sendFirst(entry: ServerEntry, response: SipResponse): void {
    entry.octets = this.#context.serialize(response);
    this.#context.on.sent?.(response, entry.path.flow);
    this.#sendOctets(entry);
  }

  #sendOctets(entry: ServerEntry): void {
    this.send(entry.octets, entry.path, () => this.step(entry, 'transport-error', this.#context.now()));
  }

  /** Sends a response of any transaction. `failed` is called at most once, when there is no way for it. */
  send(octets: Uint8Array, path: ReplyPath, failed: () => void): void {
    if (path.flow.send(octets)) return;
    const undeliverable = (reason: string) => {
      this.#context.on.undeliverable?.(path.flow, reason);
      failed();
    };
    const { fallback, sentBy } = path;
    if (!path.flow.closed) undeliverable('too much waits to be sent');
    else if (fallback === undefined) undeliverable('flow closed');
    else
      this.#sendAnew(octets, fallback, (reason) =>
        sentBy === undefined ? undeliverable(reason) : this.#sendTo(sentBy, octets, undeliverable),
      );
  }

  #sendAnew(octets: Uint8Array, remote: HostPort, failed: (reason: string) => void): void {
    this.#connections.open(remote, this.#context.limits.connectMilliseconds, (result) => {
      if (result.kind === 'failed') failed(result.reason);
      else if (!result.flow.send(octets)) failed('flow closed');
    });
  }

  #sendTo(sentBy: Pick<Via, 'host' | 'port' | 'transport'>, octets: Uint8Array, failed: (reason: string) => void): void {
    const { network, random } = this.#context.options;
    locateReply(sentBy, network.dns, { random, transports: ['TCP'] })
      .then((located) => {
        const server = located.kind === 'located' ? located.servers[0] : undefined;
        if (server !== undefined) this.#sendAnew(octets, server.address, failed);
        else if (located.kind !== 'located') failed(located.reason);
      })
      .catch((error: unknown) => this.#context.fault(error));
  }
}

/** What is kept of a transaction until its final response. */
export class ServerEntry implements TimerEntry {
  readonly key: string;
  readonly path: ReplyPath;
  state: ServerNonInviteState;
  /** The response sent last. */
  octets: Uint8Array = noOctets;
  transaction: ServerTransaction | undefined = undefined;
  deadline = Number.POSITIVE_INFINITY;
  bucket: TimerBucket | undefined = undefined;
  bucketIndex = 0;
  readonly #owner: ServerTransactions;

  constructor(owner: ServerTransactions, key: string, path: ReplyPath, state: ServerNonInviteState) {
    this.#owner = owner;
    this.key = key;
    this.path = path;
    this.state = state;
  }

  expired(now: number): void {
    this.#owner.step(this, 'wake', now);
  }
}

class RespondingTransaction implements ServerTransaction {
  readonly request: SipRequest;
  readonly flow: Flow;
  readonly #owner: ServerTransactions;
  readonly #entry: ServerEntry;
  #answered = false;

  constructor(owner: ServerTransactions, entry: ServerEntry, request: SipRequest, flow: Flow) {
    this.#owner = owner;
    this.#entry = entry;
    this.request = request;
    this.flow = flow;
  }

  get source(): HostPort {
    return this.flow.remote;
  }

  get answered(): boolean {
    return this.#answered;
  }

  respond(response: SipResponse): void {
    const { status } = response;
    if (this.#answered) throw new Error(`a second final response, ${status}, to one ${this.request.method}`);
    if (status === 408 || (status < 200 && status !== 100))
      throw new Error(`${status} may not answer a ${this.request.method} (RFC 4320 §4)`);
    if (status >= 200) this.#answered = true;
    this.#owner.respond(this.#entry, response);
  }

  discard(): void {
    if (this.#answered) throw new Error(`a ${this.request.method} that was answered cannot be discarded`);
    this.#answered = true;
    this.#owner.discard(this.#entry);
  }
}
