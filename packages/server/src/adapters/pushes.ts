import {
  type Binding,
  type ContributionId,
  isLive,
  type MessageUriId,
  type Pushes,
  type PushOccasion,
  type PushOutcome,
  pushDeferredMessages,
  type QueueEntry,
  type TerminatingContext,
  type UserId,
} from '@opencpm/cpm';
import { type Clock, formatUri } from '@opencpm/sip';
import type { Log } from '../platform.ts';
import { PushClient } from './push-client.ts';
import { RelayedRequests, relayedKey } from './relayed-requests.ts';
import { TimesUnderWay } from './times-under-way.ts';

/** A message that was answered sooner was deferred by nobody: `policy.answerWithin` is not shorter. */
const shortestAnswerMilliseconds = 1000;
/** How long the node that got a late answer may need to take the message out of the queue. */
const decisionMilliseconds = 10_000;

/** Whether somebody else has taken that push on himself. */
export type LeavePush = (owner: UserId, binding: Binding, occasion: PushOccasion) => boolean;

/** How many clients have their turn at once, the others wait for it: together they get less than one socket takes. */
const maxInTurn = 32;
/** A push that lasts longer gives its turn to the next one and goes on beside it: its client may be silent until Timer F. */
const turnMilliseconds = 1000;
/** How many pushes go on in all. */
const maxRunning = 1000;

/**
 * Pushes to clients: one at a time to each, another one when there is an occasion, and by the clock when a client has
 * refused or was silent. What must outlast this process is in the queue; here are only turns and timers.
 */
export class RunningPushes implements Pushes {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #count: (outcome: PushOutcome) => void;
  /** By owner and client: those that are pushed to, wait for their turn or have a timer. */
  readonly #clients = new Map<string, PushClient>();
  readonly #turns: PushClient[] = [];
  /** By client and message: the contact that the message is on its way to. Lives no longer than a client transaction. */
  readonly #held = new Map<string, string>();
  readonly #underWay = new TimesUnderWay();
  readonly #relayed = new RelayedRequests();
  readonly #stop = new AbortController();
  #running = 0;
  #inTurn = 0;
  #idle = Promise.withResolvers<void>();
  #context: TerminatingContext | undefined;
  #leave: LeavePush = () => false;

  /** `count` is told of each request that a push has sent, for metrics. */
  constructor(clock: Clock, log: Log, count: (outcome: PushOutcome) => void = () => undefined) {
    this.#clock = clock;
    this.#log = log;
    this.#count = count;
    this.#idle.resolve();
  }

  /** The functions and the pushes call each other. */
  serveWith(context: TerminatingContext): void {
    this.#context = context;
  }

  /** Clients of other nodes are pushed to by theirs, so that each has one who counts what is on its way to it. */
  leaveTo(leave: LeavePush): void {
    this.#leave = leave;
  }

  request(owner: UserId, binding: Binding, occasion: PushOccasion): void {
    if (this.#stop.signal.aborted || this.#leave(owner, binding, occasion)) return;
    const key = `${owner} ${binding.client}`;
    const client = this.#clients.get(key) ?? new PushClient(key, owner);
    this.#clients.set(key, client);
    client.cancelTimer();
    if (!client.want(binding, occasion)) return;
    this.#turns.push(client);
    this.#fillTurns();
  }

  hold(id: MessageUriId, client: Binding, ended: Promise<unknown>): void {
    const key = `${client.owner} ${client.client} ${id}`;
    this.#held.set(key, formatUri(client.contact));
    this.underWay(id, ended);
    const release = () => {
      this.#held.delete(key);
      // One that is there has been heard of since, whatever became of that request.
      this.#requestByName(client.owner, client.client, 'heard');
    };
    ended.then(release, release);
  }

  holds(message: Pick<QueueEntry, 'id' | 'contributionId'>, client: Binding): boolean {
    const contact = this.#held.get(`${client.owner} ${client.client} ${message.id}`);
    return contact === formatUri(client.contact) || this.#relayed.holds(relayedKey(client, message.contributionId));
  }

  /**
   * Another node sends a message to that client of ours, and may defer it meanwhile. One that has been accepted late is
   * held on until that node has taken it out of the queue, or is dead and will not.
   */
  relay(client: Binding, id: ContributionId | undefined, ended: Promise<boolean>): void {
    const key = relayedKey(client, id);
    if (key === undefined) return;
    const began = this.#clock.now();
    const remove = this.#relayed.add(key);
    const release = () => {
      if (remove()) this.#requestByName(client.owner, client.client, 'heard');
    };
    const settle = (accepted: boolean) => {
      const { signal } = this.#stop;
      if (!accepted || this.#clock.now() - began < shortestAnswerMilliseconds || signal.aborted) return release();
      const cancel = this.#clock.wakeAt(this.#clock.now() + decisionMilliseconds, () => {
        signal.removeEventListener('abort', cancel);
        release();
      });
      signal.addEventListener('abort', cancel, { once: true });
    };
    ended.then(settle, release);
  }

  underWay(id: MessageUriId, ended: Promise<unknown>): void {
    this.#underWay.add(id, ended);
  }

  isUnderWay(id: MessageUriId): boolean {
    return this.#underWay.has(id);
  }

  ended(outcome: PushOutcome): void {
    this.#count(outcome);
  }

  /** Nothing more is sent; what is under way comes to its end, see `idle`. */
  stop(): void {
    this.#stop.abort();
    for (const client of this.#clients.values()) client.cancelTimer();
    this.#turns.length = 0;
  }

  /** Resolves when no push is under way: for the end of a server, after `stop`. At last after `withinMilliseconds`. */
  async idle(withinMilliseconds = Number.POSITIVE_INFINITY): Promise<void> {
    if (withinMilliseconds === Number.POSITIVE_INFINITY) return this.#idle.promise;
    const { promise: patience, resolve } = Promise.withResolvers<void>();
    const cancel = this.#clock.wakeAt(this.#clock.now() + withinMilliseconds, resolve);
    await Promise.race([this.#idle.promise, patience]);
    cancel();
  }

  /** A push to the client as it is registered now; nothing happens when it is gone. */
  #requestByName(owner: UserId, client: string, whenReachable: PushOccasion): void {
    const bindings = this.#context?.ports.registrations.of(owner) ?? [];
    const registered = bindings.find((binding) => binding.client === client);
    if (registered === undefined || !isLive({ ...registered, unreachable: false }, this.#clock.now())) return;
    this.request(owner, registered, registered.unreachable ? 'timer' : whenReachable);
  }

  #fillTurns(): void {
    while (this.#running < maxRunning && this.#inTurn < maxInTurn) {
      const client = this.#turns.shift();
      if (client === undefined) return;
      if (this.#running === 0) this.#idle = Promise.withResolvers();
      this.#running += 1;
      const endTurn = this.#beginTurn();
      this.#run(client).then(
        () => this.#finished(client, endTurn),
        (error) => {
          this.#log.error({ where: 'push', reason: String(error) }, 'A push stopped at a fault.');
          this.#finished(client, endTurn);
        },
      );
    }
  }

  /** Returns how to end it, which happens at the latest when its time is over. */
  #beginTurn(): () => void {
    this.#inTurn += 1;
    let inTurn = true;
    const end = () => {
      if (inTurn) this.#inTurn -= 1;
      inTurn = false;
    };
    const cancel = this.#clock.wakeAt(this.#clock.now() + turnMilliseconds, () => {
      end();
      this.#fillTurns();
    });
    return () => {
      cancel();
      end();
    };
  }

  async #run(client: PushClient): Promise<void> {
    if (this.#context === undefined) throw new TypeError('the pushes have no functions yet');
    for (let wanted = client.take(); wanted !== undefined; wanted = client.take()) {
      const { owner } = client;
      const { signal } = this.#stop;
      const nextTry = await pushDeferredMessages({ owner, client: wanted.binding, occasion: wanted.occasion, signal }, this.#context);
      if (nextTry !== undefined && !signal.aborted) this.#wakeAt(nextTry, client);
    }
  }

  #wakeAt(time: number, client: PushClient): void {
    client.wakeBy(
      this.#clock.wakeAt(Math.max(time, this.#clock.now() + 1), () => {
        this.#clients.delete(client.key);
        this.#requestByName(client.owner, client.name, 'timer');
      }),
    );
  }

  #finished(client: PushClient, endTurn: () => void): void {
    endTurn();
    this.#running -= 1;
    client.finish();
    if (!client.hasTimer) this.#clients.delete(client.key);
    this.#fillTurns();
    if (this.#running === 0) this.#idle.resolve();
  }
}
