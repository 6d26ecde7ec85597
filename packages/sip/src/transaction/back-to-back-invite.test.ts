/** An INVITE client and server machine, their users, and a bad network between them, on a clock that jumps from event to event. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type ClientInviteInput,
  type ClientInviteOutput,
  clientInviteDeadline,
  startClientInvite,
  stepClientInvite,
} from './client-invite.ts';
import {
  type ServerInviteInput,
  type ServerInviteOutput,
  type ServerInviteState,
  serverInviteDeadline,
  startServerInvite,
  stepServerInvite,
} from './server-invite.ts';
import { T1, T2 } from './timers.ts';

/** What becomes of one packet: the delays of the copies that arrive; an empty list is a loss. Milliseconds. */
type Fate = readonly number[];
type Packet = 'INVITE' | 'CANCEL' | '100' | '180' | '200' | '486' | '487' | 'ACK' | 'ACK to 200';
/** What the users do on their own. */
type Act = 'ring' | 'answer' | 'repeat 200' | 'cancel';

interface Event {
  readonly at: number;
  readonly order: number;
  readonly what: Packet | Act;
}

interface Plan {
  readonly fates: readonly Fate[];
  readonly answer: '200' | '486';
  readonly ringAfter: number;
  readonly answerAfter: number;
  /** When the caller has had enough. */
  readonly cancelAt: number;
}

const clientInputs = { '100': 'provisional', '180': 'provisional', '200': 'success', '486': 'failure', '487': 'failure' } as const;

class World {
  now = 0;
  readonly seen = { requests: 0, successes: 0, failures: 0, timeouts: 0, acknowledged: 0, unacknowledged: 0, cancels: 0 };
  /** The final answer of the called side. */
  answered: Packet | undefined;
  finalReachedClient = false;
  readonly #plan: Plan;
  readonly #fates: Fate[];
  readonly #events: Event[] = [];
  #order = 0;
  #client = startClientInvite(false, 0).state;
  #server: ServerInviteState | undefined;
  #lastSent: Packet = '100';
  #repeatInterval = T1;
  #giveUpAt = Number.POSITIVE_INFINITY;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#fates = [...plan.fates];
    this.#transmit('INVITE');
    this.#at(plan.cancelAt, 'cancel');
  }

  run(): this {
    for (let next = this.#next(); next !== Number.POSITIVE_INFINITY; next = this.#next()) {
      this.now = next;
      this.#runDue();
    }
    return this;
  }

  get left(): boolean {
    return this.#client.phase !== 'terminated' || (this.#server !== undefined && this.#server.phase !== 'terminated');
  }

  #next(): number {
    const server = this.#server === undefined ? Number.POSITIVE_INFINITY : serverInviteDeadline(this.#server);
    return Math.min(clientInviteDeadline(this.#client), server, ...this.#events.map(({ at }) => at));
  }

  #runDue(): void {
    this.#events.sort((a, b) => a.at - b.at || a.order - b.order);
    const first = this.#events[0];
    if (first !== undefined && first.at <= this.now) {
      this.#events.shift();
      this.#happen(first.what);
    } else if (clientInviteDeadline(this.#client) <= this.now) this.#stepClient('wake');
    else this.#stepServer('wake');
  }

  #happen(what: Packet | Act): void {
    switch (what) {
      case 'INVITE':
        if (this.#server === undefined) this.#newRequest();
        else this.#stepServer('request');
        return;
      case 'CANCEL':
        if (this.#server?.phase === 'proceeding') this.#answer('487');
        return;
      case 'ACK':
        this.#stepServer('acknowledgement');
        return;
      case 'ACK to 200':
        this.seen.acknowledged += 1;
        return;
      case 'ring':
        if (this.#server?.phase === 'proceeding') this.#stepServer('provisional', '180');
        return;
      case 'answer':
        if (this.#server?.phase === 'proceeding') this.#answer(this.#plan.answer);
        return;
      case 'repeat 200':
        this.#repeat();
        return;
      case 'cancel':
        this.#stepClient('cancel');
        return;
      default:
        this.#arrive(what);
    }
  }

  #arrive(response: keyof typeof clientInputs): void {
    if (response !== '100' && response !== '180' && this.#client.phase !== 'terminated') this.finalReachedClient = true;
    this.#stepClient(clientInputs[response]);
  }

  #newRequest(): void {
    this.#server = startServerInvite(false, this.now);
    this.seen.requests += 1;
    this.#at(this.now + this.#plan.ringAfter, 'ring');
    this.#at(this.now + this.#plan.answerAfter, 'answer');
  }

  #answer(response: '200' | '486' | '487'): void {
    this.answered = response;
    this.#stepServer(clientInputs[response], response);
    if (response !== '200') return;
    this.#giveUpAt = this.now + 64 * T1;
    this.#at(this.now + T1, 'repeat 200');
  }

  /** The called user agent sends its 2xx until the ACK comes (RFC 3261 §13.3.1.4). */
  #repeat(): void {
    if (this.seen.acknowledged > 0 || this.now >= this.#giveUpAt) return;
    this.#stepServer('success', '200');
    this.#repeatInterval = Math.min(2 * this.#repeatInterval, T2);
    this.#at(this.now + this.#repeatInterval, 'repeat 200');
  }

  #stepClient(input: ClientInviteInput): void {
    const { state, outputs } = stepClientInvite(this.#client, input, this.now);
    this.#client = state;
    for (const output of outputs) this.#clientDoes(output, input);
  }

  #clientDoes(output: ClientInviteOutput, input: ClientInviteInput): void {
    if (output === 'send') this.#transmit('INVITE');
    if (output === 'acknowledge') this.#transmit('ACK');
    if (output === 'timeout') this.seen.timeouts += 1;
    if (output === 'send-cancel') {
      this.seen.cancels += 1;
      this.#transmit('CANCEL');
    }
    if (output !== 'deliver') return;
    if (input === 'failure') this.seen.failures += 1;
    if (input !== 'success') return;
    this.seen.successes += 1;
    this.#transmit('ACK to 200');
  }

  #stepServer(input: ServerInviteInput, response?: Packet): void {
    if (this.#server === undefined) return;
    const { state, outputs } = stepServerInvite(this.#server, input, this.now);
    this.#server = state;
    for (const output of outputs) this.#serverDoes(output, response);
  }

  #serverDoes(output: ServerInviteOutput, response: Packet | undefined): void {
    if (output === 'send' && response !== undefined) this.#lastSent = response;
    if (output === 'send-trying') this.#lastSent = '100';
    if (output === 'send' || output === 'send-trying' || output === 'resend') this.#transmit(this.#lastSent);
    if (output === 'unacknowledged') this.seen.unacknowledged += 1;
  }

  #transmit(packet: Packet): void {
    for (const delay of this.#fates.shift() ?? [1]) this.#at(this.now + delay, packet);
  }

  #at(at: number, what: Packet | Act): void {
    this.#order += 1;
    this.#events.push({ at, order: this.#order, what });
  }
}

function planWith(fates: fc.Arbitrary<readonly Fate[]>): fc.Arbitrary<Plan> {
  return fc.record({
    fates,
    answer: fc.constantFrom('200', '486'),
    ringAfter: fc.integer({ min: 0, max: 3_000 }),
    answerAfter: fc.integer({ min: 0, max: 60_000 }),
    cancelAt: fc.integer({ min: 0, max: 90_000 }),
  });
}

function assertSound(world: World): void {
  const { requests, successes, failures, timeouts, unacknowledged, cancels } = world.seen;
  assert.ok(requests <= 1, 'one request for the called user');
  assert.ok(failures + timeouts <= 1);
  assert.equal(successes > 0, failures + timeouts === 0, 'the caller learns one end: 2xx, a failure or a timeout');
  assert.equal(successes + failures > 0, world.finalReachedClient);
  if (successes > 0) assert.equal(world.answered, '200');
  if (failures > 0) assert.notEqual(world.answered, '200');
  if (world.answered === '200') assert.equal(unacknowledged, 0, 'the ACK to a 2xx is the users’ matter');
  assert.ok(unacknowledged <= 1);
  assert.ok(cancels <= 1);
  assert.equal(world.left, false);
}

/** Below T1, so that no request outlives the wait of Timer L. */
const lossy: fc.Arbitrary<Fate> = fc.array(fc.integer({ min: 0, max: 450 }), { maxLength: 3 });
const reordering: fc.Arbitrary<Fate> = fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 3 });

describe('two INVITE machines over a network that loses, doubles and reorders', () => {
  it('agree on one end when packets are lost and doubled', () => {
    fc.assert(
      fc.property(planWith(fc.array(lossy, { maxLength: 60 })), (plan) => assertSound(new World(plan).run())),
      { numRuns: 400 },
    );
  });

  it('agree on one end when packets overtake each other by seconds', () => {
    fc.assert(
      fc.property(planWith(fc.array(reordering, { maxLength: 60 })), (plan) => {
        const world = new World(plan).run();
        assertSound(world);
        assert.equal(world.seen.timeouts, 0, 'what arrives is answered, at the latest by 487');
      }),
      { numRuns: 400 },
    );
  });

  const lost: Fate = [];
  const plan: Plan = { fates: [], answer: '486', ringAfter: 10, answerAfter: 1_000, cancelAt: 90_000 };

  it('repeat a failure until its ACK passes, and tell the caller once', () => {
    // INVITE and 180 pass; the failure passes at its third sending, the first two ACKs to it are lost.
    const world = new World({ ...plan, fates: [[5], [5], lost, lost, [5], lost, [5], lost, [5], [5]] }).run();
    assert.deepEqual(world.seen, { ...world.seen, failures: 1, successes: 0, timeouts: 0, unacknowledged: 0 });
    assert.equal(world.left, false);
  });

  it('give up on an ACK that never comes', () => {
    const world = new World({ ...plan, fates: [[5], [5], ...Array.from({ length: 11 }, () => lost)] });
    world.run();
    assert.equal(world.seen.unacknowledged, 1);
    assert.deepEqual([world.seen.failures, world.seen.timeouts, world.seen.cancels], [0, 1, 1], 'the cancel ends what hangs');
  });

  it('let a 2xx win that crosses the CANCEL', () => {
    const world = new World({ ...plan, answer: '200', cancelAt: 1_003, fates: [[5], [5], [5]] }).run();
    assert.deepEqual([world.seen.successes, world.seen.failures, world.seen.cancels, world.answered], [1, 0, 1, '200']);
  });

  it('bring every copy of a 2xx to the caller, who acknowledges each', () => {
    const world = new World({ ...plan, answer: '200', fates: [[5], [5], [5, 9], lost, lost, [5], [5]] }).run();
    assert.equal(world.seen.successes, 3);
    assert.equal(world.seen.acknowledged, 1);
    assert.equal(world.left, false);
  });
});
