import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type ServerInput,
  type ServerNonInviteState,
  type ServerOutput,
  type ServerPhase,
  serverNonInviteDeadline,
  startServerNonInvite,
  stepServerNonInvite,
} from './server-non-invite.ts';
import { T1 } from './timers.ts';

const start = 1_000_000;
const never = Number.POSITIVE_INFINITY;
const tryingAt = start + 3_500;
const timerF = start + 64 * T1;
const timerJ = start + 20 + 64 * T1;

const trying = startServerNonInvite(false, start);
const reliableTrying = startServerNonInvite(true, start);
const proceeding = stepServerNonInvite(trying, 'wake', tryingAt).state;
const completed = stepServerNonInvite(trying, 'final', start + 20).state;
const terminated = stepServerNonInvite(reliableTrying, 'final', start + 20).state;

interface Row {
  readonly from: ServerNonInviteState;
  readonly input: ServerInput;
  readonly at: number;
  readonly phase: ServerPhase;
  readonly outputs: readonly ServerOutput[];
  readonly deadline: number;
}

const rows: Readonly<Record<string, Row>> = {
  'trying, a retransmission is dropped': {
    from: trying,
    input: 'request',
    at: start + 500,
    phase: 'trying',
    outputs: [],
    deadline: tryingAt,
  },
  'trying, 100 of the user before 3.5 s stays here on UDP (RFC 4320 §4.1)': {
    from: trying,
    input: 'provisional',
    at: tryingAt - 1,
    phase: 'trying',
    outputs: [],
    deadline: tryingAt,
  },
  'trying, 100 of the user at 3.5 s': {
    from: trying,
    input: 'provisional',
    at: tryingAt,
    phase: 'proceeding',
    outputs: ['send'],
    deadline: timerF,
  },
  'trying over TCP, 100 of the user at any time': {
    from: reliableTrying,
    input: 'provisional',
    at: start + 1,
    phase: 'proceeding',
    outputs: ['send'],
    deadline: timerF,
  },
  'trying, final': { from: trying, input: 'final', at: start + 20, phase: 'completed', outputs: ['send'], deadline: timerJ },
  'trying over TCP, final: Timer J is zero': {
    from: reliableTrying,
    input: 'final',
    at: start + 20,
    phase: 'terminated',
    outputs: ['send', 'terminated'],
    deadline: never,
  },
  'trying, too early': { from: trying, input: 'wake', at: tryingAt - 1, phase: 'trying', outputs: [], deadline: tryingAt },
  'trying, 3.5 s: 100 by itself': {
    from: trying,
    input: 'wake',
    at: tryingAt,
    phase: 'proceeding',
    outputs: ['send-trying'],
    deadline: timerF,
  },
  'trying over TCP, 3.5 s: 100 by itself': {
    from: reliableTrying,
    input: 'wake',
    at: tryingAt,
    phase: 'proceeding',
    outputs: ['send-trying'],
    deadline: timerF,
  },
  'trying, the client has given up': {
    from: trying,
    input: 'wake',
    at: timerF,
    phase: 'terminated',
    outputs: ['unanswered', 'terminated'],
    deadline: never,
  },
  'trying, transport error: nothing was sent': {
    from: trying,
    input: 'transport-error',
    at: start + 1,
    phase: 'trying',
    outputs: [],
    deadline: tryingAt,
  },
  'proceeding, a retransmission gets the 100 again': {
    from: proceeding,
    input: 'request',
    at: start + 4_000,
    phase: 'proceeding',
    outputs: ['resend'],
    deadline: timerF,
  },
  'proceeding, 100 of the user': {
    from: proceeding,
    input: 'provisional',
    at: start + 4_000,
    phase: 'proceeding',
    outputs: ['send'],
    deadline: timerF,
  },
  'proceeding, final': { from: proceeding, input: 'final', at: start + 20, phase: 'completed', outputs: ['send'], deadline: timerJ },
  'proceeding, before the client gives up': {
    from: proceeding,
    input: 'wake',
    at: timerF - 1,
    phase: 'proceeding',
    outputs: [],
    deadline: timerF,
  },
  'proceeding, the client has given up: no late answer (RFC 4320 §4.2)': {
    from: proceeding,
    input: 'wake',
    at: timerF,
    phase: 'terminated',
    outputs: ['unanswered', 'terminated'],
    deadline: never,
  },
  'proceeding, transport error': {
    from: proceeding,
    input: 'transport-error',
    at: start + 4_000,
    phase: 'terminated',
    outputs: ['transport-failure', 'terminated'],
    deadline: never,
  },
  'completed, a retransmission gets the answer again': {
    from: completed,
    input: 'request',
    at: start + 500,
    phase: 'completed',
    outputs: ['resend'],
    deadline: timerJ,
  },
  'completed, 100 is too late': {
    from: completed,
    input: 'provisional',
    at: start + 500,
    phase: 'completed',
    outputs: [],
    deadline: timerJ,
  },
  'completed, a second final': { from: completed, input: 'final', at: start + 500, phase: 'completed', outputs: [], deadline: timerJ },
  'completed, before Timer J': { from: completed, input: 'wake', at: timerJ - 1, phase: 'completed', outputs: [], deadline: timerJ },
  'completed, Timer J': { from: completed, input: 'wake', at: timerJ, phase: 'terminated', outputs: ['terminated'], deadline: never },
  'completed, transport error': {
    from: completed,
    input: 'transport-error',
    at: start + 500,
    phase: 'terminated',
    outputs: ['transport-failure', 'terminated'],
    deadline: never,
  },
  'terminated, request': { from: terminated, input: 'request', at: start + 30, phase: 'terminated', outputs: [], deadline: never },
  'terminated, 100': { from: terminated, input: 'provisional', at: start + 30, phase: 'terminated', outputs: [], deadline: never },
  'terminated, final': { from: terminated, input: 'final', at: start + 30, phase: 'terminated', outputs: [], deadline: never },
  'terminated, wake': { from: terminated, input: 'wake', at: timerJ, phase: 'terminated', outputs: [], deadline: never },
  'terminated, transport error': {
    from: terminated,
    input: 'transport-error',
    at: start + 30,
    phase: 'terminated',
    outputs: [],
    deadline: never,
  },
};

describe('non-INVITE server transaction (RFC 3261 §17.2.2, RFC 4320)', () => {
  for (const [name, row] of Object.entries(rows)) {
    it(name, () => {
      const step = stepServerNonInvite(row.from, row.input, row.at);
      assert.equal(step.state.phase, row.phase);
      assert.deepEqual(step.outputs, row.outputs);
      assert.equal(serverNonInviteDeadline(step.state), row.deadline);
    });
  }

  it('covers each input in each phase', () => {
    const covered = new Set(Object.values(rows).map(({ from, input }) => `${from.phase} ${input}`));
    assert.equal(covered.size, 4 * 5);
  });
});
