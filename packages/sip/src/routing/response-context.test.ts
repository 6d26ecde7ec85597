import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Headers } from '../message/headers.ts';
import { emptyBody, type SipResponse } from '../message/message.ts';
import { groupsByPreference } from './relay.ts';
import {
  type ResponseContextInput,
  type ResponseContextOutput,
  type ResponseContextState,
  type ResponseContextStep,
  responseContextDeadline,
  startResponseContext,
  stepResponseContext,
} from './response-context.ts';

const never = Number.POSITIVE_INFINITY;
const C = 185_000;

function response(status: number, headers = Headers.of()): SipResponse {
  return { kind: 'response', status, reason: '', headers, body: emptyBody };
}

function text(output: ResponseContextOutput): string {
  switch (output.kind) {
    case 'locate':
      return `locate ${output.target}`;
    case 'send':
      return `send ${output.target}.${output.attempt}`;
    case 'cancel':
      return `cancel ${output.target}.${output.attempt} ${output.because}`;
    case 'relay':
      return `relay ${output.response.status}`;
    case 'answer':
      return `answer ${output.end.kind === 'made' ? `made ${output.end.status}` : output.end.response.status}`;
  }
}

/** A context with everything it has put out. */
class Context {
  now = 0;
  state: ResponseContextState;
  readonly #texts: string[] = [];

  constructor(groups: readonly (readonly number[])[], invite = true) {
    const step = startResponseContext(groups, { invite, timerCMilliseconds: C, giveUpAt: invite ? never : 30_000 });
    this.state = step.state;
    this.#note(step);
  }

  /** What was put out since the last call. */
  take(): readonly string[] {
    return this.#texts.splice(0);
  }

  located(target: number, places = 1): this {
    return this.#step({ kind: 'located', target, places });
  }

  nowhere(target: number, status = 503): this {
    return this.#step({ kind: 'nowhere', target, status });
  }

  came(target: number, status: number, attempt = 0): this {
    return this.#step({ kind: 'response', target, attempt, response: response(status) });
  }

  failed(target: number, status: number, attempt = 0): this {
    return this.#step({ kind: 'failed', target, attempt, status });
  }

  cancel(): this {
    return this.#step({ kind: 'cancel' });
  }

  wakeAt(now: number): this {
    this.now = now;
    return this.#step({ kind: 'wake' });
  }

  #step(input: ResponseContextInput): this {
    const step = stepResponseContext(this.state, input, this.now);
    this.state = step.state;
    this.#note(step);
    return this;
  }

  #note({ outputs }: ResponseContextStep): void {
    this.#texts.push(...outputs.map(text));
  }
}

/** Targets 0 and so on, all sent to at once, nothing answered yet. */
function forked(count: number, invite = true): Context {
  const targets = Array.from({ length: count }, (_, target) => target);
  const context = new Context([targets], invite);
  for (const target of targets) context.located(target);
  context.take();
  return context;
}

describe('which targets are tried when (RFC 3261 §16.6)', () => {
  it('those of one group at once, the next group when all of them have failed', () => {
    const context = new Context([[0, 1], [2]]);
    context.located(0).located(1);
    assert.deepEqual(context.take(), ['locate 0', 'locate 1', 'send 0.0', 'send 1.0']);
    assert.deepEqual(context.came(0, 486).take(), []);
    assert.deepEqual(context.came(1, 480).located(2).take(), ['locate 2', 'send 2.0']);
    assert.deepEqual(context.came(2, 404).take(), ['answer 486']);
  });

  it('groups go by preference, equal ones together', () => {
    assert.deepEqual(groupsByPreference([{ q: 0.5 }, {}, { q: 0.5 }, { q: 1 }, { q: 0 }]), [[1, 3], [0, 2], [4]]);
  });

  it('a 2xx, a 6xx and a CANCEL keep the next group from beginning', () => {
    for (const [status, answer] of [
      [200, 'relay 200'],
      [603, 'answer 603'],
    ] as const) {
      const context = new Context([[0], [1]]);
      context.located(0).take();
      assert.deepEqual(context.came(0, status).take(), [answer]);
    }
    const cancelled = new Context([[0], [1]]);
    assert.deepEqual(cancelled.located(0).cancel().came(0, 487).take(), ['locate 0', 'send 0.0', 'cancel 0.0 gave-up', 'answer 487']);
  });

  it('the places of a target one after the other: after silence, a failure to send, and 503 (RFC 3263 §4.3)', () => {
    const context = new Context([[0]]);
    context.located(0, 4).failed(0, 408).failed(0, 503, 1).came(0, 503, 2);
    assert.deepEqual(context.take(), ['locate 0', 'send 0.0', 'send 0.1', 'send 0.2', 'send 0.3']);
    assert.deepEqual(context.came(0, 486, 3).take(), ['answer 486']);
  });

  it('a late end of an earlier place counts for nothing, a late 2xx for everything', () => {
    const context = new Context([[0]]);
    context.located(0, 2).failed(0, 408).take();
    assert.deepEqual(context.came(0, 486, 0).came(0, 180, 0).failed(0, 408, 0).take(), []);
    assert.deepEqual(context.came(0, 200, 0).take(), ['relay 200']);
  });

  it('no further place of a branch that was cancelled', () => {
    const context = new Context([[0]]);
    context.located(0, 2).came(0, 180).cancel().take();
    assert.deepEqual(context.came(0, 503).take(), ['answer 500']);
  });

  it('a target that is nowhere counts as what its user says of it', () => {
    assert.deepEqual(new Context([[0]]).nowhere(0).take(), ['locate 0', 'answer made 500']);
    assert.deepEqual(new Context([[0]]).nowhere(0, 480).take(), ['locate 0', 'answer made 480']);
  });
});

describe('what goes back to the sender of an INVITE (RFC 3261 §16.7)', () => {
  it('provisional responses at once but 100, and none after the final one', () => {
    const context = forked(2);
    assert.deepEqual(context.came(0, 100).came(0, 180).came(1, 183).take(), ['relay 180', 'relay 183']);
    assert.deepEqual(context.came(0, 200).came(1, 180).take(), ['relay 200', 'cancel 1.0 answered']);
  });

  it('every 2xx, however late and of whatever branch; the others are cancelled once', () => {
    const context = forked(3);
    context.came(1, 180);
    assert.deepEqual(context.came(0, 200).take(), ['relay 180', 'relay 200', 'cancel 1.0 answered', 'cancel 2.0 answered']);
    assert.deepEqual(context.came(1, 200).came(0, 200).came(2, 487).take(), ['relay 200', 'relay 200']);
  });

  it('the best of the failures when all have come', () => {
    const context = forked(3);
    assert.deepEqual(context.came(0, 500).came(1, 486).take(), []);
    assert.deepEqual(context.came(2, 302).take(), ['answer 302']);
  });

  it('a 6xx cancels what is under way, waits for it and then wins; a 2xx that crosses it wins over it', () => {
    const context = forked(2);
    assert.deepEqual(context.came(0, 603).take(), ['cancel 1.0 declined']);
    assert.deepEqual(context.came(1, 487).take(), ['answer 603']);
    const crossing = forked(2);
    assert.deepEqual(crossing.came(0, 603).came(1, 200).take(), ['cancel 1.0 declined', 'relay 200']);
  });

  it('a 2xx after a failure was sent', () => {
    const context = forked(1);
    assert.deepEqual(context.failed(0, 408).came(0, 200).take(), ['answer made 408', 'relay 200']);
  });

  it('408 for silence', () => {
    assert.deepEqual(forked(2).failed(0, 408).failed(1, 408).take(), ['answer made 408']);
  });
});

describe('a CANCEL of the sender (RFC 3261 §16.10)', () => {
  it('goes to every branch under way, once, and the 487 comes back from them', () => {
    const context = forked(3);
    assert.deepEqual(context.came(0, 180).came(2, 486).cancel().cancel().take(), ['relay 180', 'cancel 0.0 gave-up', 'cancel 1.0 gave-up']);
    assert.deepEqual(context.came(0, 487).came(1, 487).take(), ['answer 486']);
  });

  it('is answered 487 at once while places are looked for, and nothing is sent afterwards', () => {
    const context = new Context([[0, 1], [2]]);
    assert.deepEqual(context.cancel().located(0).nowhere(1).take(), ['locate 0', 'locate 1', 'answer made 487']);
  });

  it('lets a 2xx through that crosses it, and is nothing after a final response', () => {
    assert.deepEqual(forked(1).cancel().came(0, 200).take(), ['cancel 0.0 gave-up', 'relay 200']);
    assert.deepEqual(forked(1).came(0, 200).cancel().take(), ['relay 200']);
    assert.deepEqual(forked(1).came(0, 404).cancel().take(), ['answer 404']);
  });

  it('a branch that answers neither INVITE nor CANCEL counts as 487', () => {
    assert.deepEqual(forked(1).came(0, 180).cancel().failed(0, 408).take(), ['relay 180', 'cancel 0.0 gave-up', 'answer made 487']);
  });
});

describe('Timer C (RFC 3261 §16.8)', () => {
  it('cancels a branch that only rings, begins again with each provisional response but 100, and ends in 408', () => {
    const context = forked(1);
    assert.equal(responseContextDeadline(context.state), C);
    context.now = 10;
    context.came(0, 100);
    assert.equal(responseContextDeadline(context.state), C);
    context.now = 20;
    context.came(0, 180);
    assert.equal(responseContextDeadline(context.state), 20 + C);
    assert.deepEqual(context.wakeAt(20 + C - 1).take(), ['relay 180']);
    assert.deepEqual(context.wakeAt(20 + C).take(), ['cancel 0.0 no-answer']);
    assert.equal(responseContextDeadline(context.state), never);
    assert.deepEqual(context.failed(0, 408).take(), ['answer made 408']);
  });

  it('ends a branch without any response', () => {
    assert.deepEqual(forked(1).wakeAt(C).take(), ['answer made 408']);
  });

  it('concerns the branch alone, and the next group may begin', () => {
    const context = new Context([[0], [1]]);
    context.located(0).came(0, 180).wakeAt(C).take();
    assert.deepEqual(context.came(0, 487).take(), ['locate 1']);
  });
});

describe('requests other than INVITE (RFC 4320)', () => {
  it('have no provisional responses, no CANCEL, and one answer', () => {
    const context = forked(2, false);
    assert.deepEqual(context.came(0, 100).came(0, 180).came(1, 200).came(0, 200).take(), ['relay 200']);
  });

  it('are never answered 408, neither an own nor one that came', () => {
    assert.deepEqual(forked(1, false).failed(0, 408).take(), []);
    assert.deepEqual(forked(1, false).came(0, 408).take(), []);
    assert.deepEqual(forked(2, false).failed(0, 408).came(1, 404).take(), ['answer 404']);
  });

  it('go back with what has come when their sender would hear no more', () => {
    const context = forked(2, false);
    context.came(0, 404);
    assert.equal(responseContextDeadline(context.state), 30_000);
    assert.deepEqual(context.wakeAt(30_000).came(1, 200).take(), ['answer 404']);
    assert.deepEqual(forked(1, false).wakeAt(30_000).take(), []);
    const waiting = new Context([[0], [1]], false);
    assert.deepEqual(waiting.located(0).wakeAt(30_000).take(), ['locate 0', 'send 0.0'], 'no next group');
    assert.equal(responseContextDeadline(waiting.state), never);
  });

  it('are over with a 6xx', () => {
    assert.deepEqual(forked(2, false).came(0, 603).came(1, 200).take(), ['answer 603']);
  });
});
