import type { Binding } from '../../common/binding.ts';
import type { ConversationId, UserId } from '../../common/identifiers.ts';
import { requestedInstance } from '../../common/service-tags.ts';
import { doNotDisturbBy, type Preferences } from '../../preferences/preferences.ts';
import { expectingClients, suitableClients } from '../terminating/suitable-clients.ts';
import type { TerminatingContext } from '../terminating/terminating-message.ts';
import { type PushOccasion, standingOf } from './client-refusal.ts';
import type { QueuedDelivery, QueueEntry } from './deferred-message.ts';
import type { PushOutcome } from './push-outcome.ts';
import { sendPagerModeDeferredMessage } from './send-pager-mode-deferred-message.ts';

/** How many rows one read of the queue brings into memory; at most half as many more wait there. */
const pageSize = 50;
/** How many messages that the client has taken may wait for the database to forget them; a crash sends these again. */
const unsettledPerClient = 32;
/** After a fault of the database. */
const retryMilliseconds = 5000;

/** A push to one client, with the preferences of its user. */
export interface Push {
  readonly owner: UserId;
  readonly client: Binding;
  readonly occasion: PushOccasion;
  readonly preferences: Preferences;
  /** Ends the push: what is under way comes to its end, nothing more is sent. */
  readonly signal: AbortSignal;
}

/**
 * One walk through the queue of a user for one of his clients, in the order of the commits. Messages of one conversation
 * go one after the other, each after the final answer to the one before; different conversations go side by side, at
 * most `pushInFlightPerClient` requests in all. A message that the client has taken leaves the queue while others are sent.
 */
export class PushPass {
  readonly #push: Push;
  readonly #context: TerminatingContext;
  /** Read and not yet sent. */
  #window: QueuedDelivery[] = [];
  #position: number | undefined;
  #readAll = false;
  #isReading = false;
  /** Conversations with a message under way. */
  readonly #busy = new Set<ConversationId>();
  /** Conversations of which a message waits that nothing may overtake. */
  readonly #held = new Set<ConversationId>();
  /** Requests without a final answer. */
  #inFlight = 0;
  #inFlightLimit: number;
  /** Messages that are sent and not settled: those in flight, and those whose outcome is being written. */
  #unsettled = 0;
  #progress = Promise.withResolvers<void>();
  #failure: { readonly error: unknown } | undefined;
  #over = false;
  #nextTry: number | undefined;

  constructor(push: Push, context: TerminatingContext) {
    this.#push = push;
    this.#context = context;
    // A client that was silent is asked with one message before it gets more.
    this.#inFlightLimit = push.client.unreachable ? 1 : context.policy.pushInFlightPerClient;
  }

  /** Resolves with the time of the next try, undefined when there is none by the clock. */
  async run(): Promise<number | undefined> {
    for (;;) {
      const progress = this.#progress.promise;
      this.#readAhead();
      const entry = this.#nextReady();
      if (entry !== undefined) this.#send(entry);
      else if (this.#unsettled > 0 || this.#isReading) await progress;
      else if (this.#failure !== undefined) throw this.#failure.error;
      else if (this.#window.length === 0 && this.#readAll) return this.#nextTry;
    }
  }

  #progressed(): void {
    this.#progress.resolve();
    this.#progress = Promise.withResolvers();
  }

  /** One page at a time, while what was read before is sent. */
  #readAhead(): void {
    if (this.#readAll || this.#isReading || this.#window.length >= pageSize / 2) return;
    this.#isReading = true;
    const read = () => {
      this.#isReading = false;
      this.#progressed();
    };
    this.#readPage().then(read, (error) => {
      this.#fail(error);
      read();
    });
  }

  async #readPage(): Promise<void> {
    const { owner, client } = this.#push;
    const { ports } = this.#context;
    const now = ports.clock.now();
    const after = this.#position === undefined ? {} : { after: this.#position };
    const page = await ports.deferredQueue.waiting(owner, { client: client.client, now, limit: pageSize, ...after });
    if (this.#isOver()) return;
    if ('kind' in page) {
      ports.diagnostics.fault('read the deferred messages', page.reason);
      return this.#end(now + retryMilliseconds);
    }
    for (const entry of page) this.#consider(entry, now);
    this.#position = page.at(-1)?.position;
    this.#readAll ||= page.length < pageSize;
  }

  #consider(entry: QueuedDelivery, now: number): void {
    const { client, occasion } = this.#push;
    const { conversationId } = entry;
    if (this.#over || (conversationId !== undefined && this.#held.has(conversationId))) return;
    if (!this.#isFor(entry)) return;
    const standing = standingOf(entry, client, occasion, now);
    // An earlier request with it is on its way to that client.
    if (this.#context.ports.pushes.holds(entry, client)) this.#hold(entry);
    else if (standing.kind === 'due') this.#window.push(entry);
    else if (standing.kind === 'silent') this.#end(standing.until);
    else if (standing.kind === 'later') {
      this.#tryAt(standing.at);
      if (standing.holds) this.#hold(entry);
    }
  }

  /** B-8.3.1.6.2-05: the client must want the message as it was sent, whatever tag `deferred` it has, and be expected to get it. */
  #isFor(entry: QueueEntry): boolean {
    const { ports, policy } = this.#context;
    const { client } = this.#push.client;
    const { preferences } = this.#push;
    // B-8.3.1.6.2-04: a do-not-disturb rule may be about the one who sent it.
    const originators = entry.originator === undefined ? [] : [entry.originator];
    if (doNotDisturbBy(preferences, originators, ports.clock.now())) return false;
    // A push is how a client that was silent is found again.
    const bindings = ports.registrations
      .of(entry.owner)
      .map((binding) => (binding.client === client && binding.unreachable ? { ...binding, unreachable: false } : binding));
    // Decision 46: a notification is for the device that it names, while that is there.
    const message = { kind: entry.kind, device: requestedInstance(entry.request.headers) };
    const suitable = suitableClients(bindings, message, policy, ports.clock.now());
    return expectingClients(suitable, message, preferences).some((candidate) => candidate.client === client);
  }

  #nextReady(): QueuedDelivery | undefined {
    if (this.#isOver() || this.#inFlight >= this.#inFlightLimit || this.#unsettled >= unsettledPerClient) return undefined;
    const index = this.#window.findIndex(({ conversationId }) => conversationId === undefined || !this.#busy.has(conversationId));
    return index === -1 ? undefined : this.#window.splice(index, 1)[0];
  }

  #send(entry: QueuedDelivery): void {
    const { conversationId } = entry;
    if (conversationId !== undefined) this.#busy.add(conversationId);
    this.#inFlight += 1;
    this.#unsettled += 1;
    let isInFlight = true;
    const answered = () => {
      if (!isInFlight) return;
      isInFlight = false;
      this.#inFlight -= 1;
      if (conversationId !== undefined) this.#busy.delete(conversationId);
      this.#progressed();
    };
    const settled = () => {
      this.#unsettled -= 1;
      answered();
      this.#progressed();
    };
    // Noted before it counts as settled, so that no failure is overlooked.
    const sending = this.#deliver(entry, answered)
      .catch((error) => this.#fail(error))
      .then(settled);
    this.#context.ports.pushes.underWay(entry.id, sending);
  }

  /** What is under way comes to its end before `run` rejects: nobody begins another pass beside it. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#end(undefined);
  }

  async #deliver(entry: QueuedDelivery, accepted: () => void): Promise<void> {
    // Its time may have come while those before it were under way: then it is left to 8.3.1.6.8.
    if (entry.expiresAt <= this.#context.ports.clock.now()) return;
    const outcome = await sendPagerModeDeferredMessage({ entry, client: this.#push.client, accepted }, this.#context);
    this.#context.ports.pushes.ended(outcome);
    this.#follow(outcome, entry);
    // What was not delivered in its time is over now.
    if (outcome.kind !== 'delivered' && entry.expiresAt <= this.#context.ports.clock.now()) {
      this.#context.ports.expiryWatch.expect(entry.expiresAt);
    }
  }

  #follow(outcome: PushOutcome, entry: QueuedDelivery): void {
    if (outcome.kind === 'silent') this.#end(outcome.retryAt);
    else if (outcome.kind === 'gone') this.#end(undefined);
    else this.#inFlightLimit = this.#context.policy.pushInFlightPerClient;
    if (outcome.kind === 'not-removed') this.#tryAt(this.#context.ports.clock.now() + retryMilliseconds);
    if (outcome.kind !== 'refused') return;
    if (outcome.retryAt !== undefined) this.#tryAt(outcome.retryAt);
    if (outcome.holds) this.#hold(entry);
  }

  /** What comes after this message in its conversation waits. */
  #hold({ conversationId, position }: QueuedDelivery): void {
    if (conversationId === undefined) return;
    this.#held.add(conversationId);
    this.#window = this.#window.filter((later) => later.conversationId !== conversationId || later.position < position);
  }

  #tryAt(time: number): void {
    this.#nextTry = Math.min(time, this.#nextTry ?? time);
  }

  #isOver(): boolean {
    if (this.#push.signal.aborted && !this.#over) this.#end(undefined);
    return this.#over;
  }

  /** Nothing more is sent in this pass, and nothing before `nextTry`. */
  #end(nextTry: number | undefined): void {
    this.#over = true;
    this.#readAll = true;
    this.#window = [];
    this.#nextTry = nextTry === undefined ? this.#nextTry : Math.max(nextTry, this.#nextTry ?? nextTry);
  }
}
