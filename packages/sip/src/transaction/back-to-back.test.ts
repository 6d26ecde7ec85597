/** A client and a server machine with a bad network between them, on a clock that jumps from event to event. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { clientNonInviteDeadline, startClientNonInvite, stepClientNonInvite } from './client-non-invite.ts';
import {
  type ServerNonInviteState,
  type ServerOutput,
  serverNonInviteDeadline,
  startServerNonInvite,
  stepServerNonInvite,
} from './server-non-invite.ts';
import { T1 } from './timers.ts';

/** What becomes of one packet: the delays of the copies that arrive; an empty list is a loss. Milliseconds. */
type Fate = readonly number[];
type Packet = 'request' | '100' | '200';

interface Event {
  readonly at: number;
  readonly order: number;
  readonly packet: Packet | 'answer';
}

interface Outcome {
  readonly timeouts: number;
  readonly finalsDelivered: number;
  readonly requestsToUser: number;
  readonly finalsMade: number;
  readonly lateFinals: number;
  readonly earlyTryings: number;
  readonly serverUnanswered: number;
  readonly finalReachedClient: boolean;
  readonly left: boolean;
}

class World {
  now = 0;
  readonly #fates: Fate[];
  readonly #thinkMilliseconds: number;
  readonly #events: Event[] = [];
  #order = 0;
  #client = startClientNonInvite(false, 0).state;
  #server: ServerNonInviteState | undefined;
  #firstRequestAt = 0;
  #lastSent: Packet = '100';
  readonly #seen = {
    timeouts: 0,
    finalsDelivered: 0,
    requestsToUser: 0,
    finalsMade: 0,
    lateFinals: 0,
    earlyTryings: 0,
    serverUnanswered: 0,
  };
  #finalReachedClient = false;

  constructor(fates: readonly Fate[], thinkMilliseconds: number) {
    this.#fates = [...fates];
    this.#thinkMilliseconds = thinkMilliseconds;
    this.#transmit('request');
  }

  run(): Outcome {
    for (let next = this.#next(); next !== Number.POSITIVE_INFINITY; next = this.#next()) {
      this.now = next;
      this.#runDue();
    }
    const left = this.#client.phase !== 'terminated' || (this.#server !== undefined && this.#server.phase !== 'terminated');
    return { ...this.#seen, finalReachedClient: this.#finalReachedClient, left };
  }

  #next(): number {
    const server = this.#server === undefined ? Number.POSITIVE_INFINITY : serverNonInviteDeadline(this.#server);
    return Math.min(clientNonInviteDeadline(this.#client), server, ...this.#events.map(({ at }) => at));
  }

  #runDue(): void {
    this.#events.sort((a, b) => a.at - b.at || a.order - b.order);
    const first = this.#events[0];
    if (first !== undefined && first.at <= this.now) {
      this.#events.shift();
      this.#arrive(first.packet);
    } else if (clientNonInviteDeadline(this.#client) <= this.now) this.#stepClient('wake');
    else this.#stepServer('wake');
  }

  #arrive(packet: Event['packet']): void {
    if (packet === '100') this.#stepClient('provisional');
    else if (packet === '200') {
      if (this.#client.phase !== 'terminated') this.#finalReachedClient = true;
      this.#stepClient('final');
    } else if (packet === 'answer') this.#stepServer('final');
    else if (this.#server === undefined) this.#newRequest();
    else this.#stepServer('request');
  }

  #newRequest(): void {
    this.#server = startServerNonInvite(false, this.now);
    this.#firstRequestAt = this.now;
    this.#seen.requestsToUser += 1;
    this.#events.push({ at: this.now + this.#thinkMilliseconds, order: this.#order++, packet: 'answer' });
  }

  #stepClient(input: Parameters<typeof stepClientNonInvite>[1]): void {
    const { state, outputs } = stepClientNonInvite(this.#client, input, this.now);
    this.#client = state;
    for (const output of outputs) {
      if (output === 'send') this.#transmit('request');
      if (output === 'deliver' && input === 'final') this.#seen.finalsDelivered += 1;
      if (output === 'timeout') this.#seen.timeouts += 1;
    }
  }

  #stepServer(input: Parameters<typeof stepServerNonInvite>[1]): void {
    if (this.#server === undefined) return;
    const { state, outputs } = stepServerNonInvite(this.#server, input, this.now);
    this.#server = state;
    for (const output of outputs) this.#serverDoes(output);
  }

  #serverDoes(output: ServerOutput): void {
    if (output === 'resend') this.#transmit(this.#lastSent);
    if (output === 'unanswered') this.#seen.serverUnanswered += 1;
    if (output === 'send') {
      this.#seen.finalsMade += 1;
      if (this.now - this.#firstRequestAt > 64 * T1) this.#seen.lateFinals += 1;
      this.#transmit('200');
    }
    if (output === 'send-trying') {
      if (this.now - this.#firstRequestAt < 3_500) this.#seen.earlyTryings += 1;
      this.#transmit('100');
    }
  }

  #transmit(packet: Packet): void {
    if (packet !== 'request') this.#lastSent = packet;
    for (const delay of this.#fates.shift() ?? [1]) this.#events.push({ at: this.now + delay, order: this.#order++, packet });
  }
}

const fate: fc.Arbitrary<Fate> = fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 3 });

describe('two non-INVITE machines over a network that loses, doubles and reorders', () => {
  it('give the user one request, the client one end, and nothing is left', () => {
    fc.assert(
      fc.property(fc.array(fate, { maxLength: 40 }), fc.integer({ min: 0, max: 40_000 }), (fates, think) => {
        const outcome = new World(fates, think).run();
        assert.ok(outcome.requestsToUser <= 1);
        assert.equal(outcome.finalsDelivered + outcome.timeouts, 1);
        assert.ok(outcome.finalsMade <= 1);
        assert.equal(outcome.finalsMade + outcome.serverUnanswered, outcome.requestsToUser);
        assert.equal(outcome.lateFinals, 0);
        assert.equal(outcome.earlyTryings, 0);
        assert.equal(outcome.finalsDelivered === 1, outcome.finalReachedClient);
        assert.equal(outcome.left, false);
      }),
      { numRuns: 300 },
    );
  });

  it('get the answer through when only one request and one response in ten pass', () => {
    const lost: Fate = [];
    const outcome = new World([lost, lost, lost, [5], lost, lost, [5]], 10).run();
    assert.equal(outcome.finalsDelivered, 1);
    assert.equal(outcome.requestsToUser, 1);
  });
});
