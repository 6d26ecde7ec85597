import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type ClientInput,
  type ClientNonInviteState,
  type ClientOutput,
  type ClientPhase,
  clientNonInviteDeadline,
  startClientNonInvite,
  stepClientNonInvite,
} from './client-non-invite.ts';
import { T1, T2, T4 } from './timers.ts';

const start = 1_000_000;
const never = Number.POSITIVE_INFINITY;

const unreliableTrying = startClientNonInvite(false, start).state;
const reliableTrying = startClientNonInvite(true, start).state;
const unreliableProceeding = stepClientNonInvite(unreliableTrying, 'provisional', start + 10).state;
const reliableProceeding = stepClientNonInvite(reliableTrying, 'provisional', start + 10).state;
const completed = stepClientNonInvite(unreliableTrying, 'final', start + 20).state;
const terminated = stepClientNonInvite(unreliableTrying, 'transport-error', start + 20).state;

interface Row {
  readonly from: ClientNonInviteState;
  readonly input: ClientInput;
  readonly at: number;
  readonly phase: ClientPhase;
  readonly outputs: readonly ClientOutput[];
  readonly deadline: number;
}

const timerF = start + 64 * T1;
const timerK = start + 20 + T4;
const rows: Readonly<Record<string, Row>> = {
  'trying, Timer E': {
    from: unreliableTrying,
    input: 'wake',
    at: start + T1,
    phase: 'trying',
    outputs: ['send'],
    deadline: start + 3 * T1,
  },
  'trying, too early': { from: unreliableTrying, input: 'wake', at: start + 499, phase: 'trying', outputs: [], deadline: start + T1 },
  'trying, Timer F': {
    from: unreliableTrying,
    input: 'wake',
    at: timerF,
    phase: 'terminated',
    outputs: ['timeout', 'terminated'],
    deadline: never,
  },
  'trying, 1xx': {
    from: unreliableTrying,
    input: 'provisional',
    at: start + 1,
    phase: 'proceeding',
    outputs: ['deliver'],
    deadline: start + T1,
  },
  'trying, final': { from: unreliableTrying, input: 'final', at: start + 20, phase: 'completed', outputs: ['deliver'], deadline: timerK },
  'trying, transport error': {
    from: unreliableTrying,
    input: 'transport-error',
    at: start + 1,
    phase: 'terminated',
    outputs: ['transport-failure', 'terminated'],
    deadline: never,
  },
  'trying over TCP, no Timer E': {
    from: reliableTrying,
    input: 'wake',
    at: start + 10 * T1,
    phase: 'trying',
    outputs: [],
    deadline: timerF,
  },
  'trying over TCP, Timer F': {
    from: reliableTrying,
    input: 'wake',
    at: timerF,
    phase: 'terminated',
    outputs: ['timeout', 'terminated'],
    deadline: never,
  },
  'trying over TCP, final: Timer K is zero': {
    from: reliableTrying,
    input: 'final',
    at: start + 1,
    phase: 'terminated',
    outputs: ['deliver', 'terminated'],
    deadline: never,
  },
  'proceeding, Timer E is T2 from then on': {
    from: unreliableProceeding,
    input: 'wake',
    at: start + T1,
    phase: 'proceeding',
    outputs: ['send'],
    deadline: start + T1 + T2,
  },
  'proceeding, Timer F': {
    from: unreliableProceeding,
    input: 'wake',
    at: timerF,
    phase: 'terminated',
    outputs: ['timeout', 'terminated'],
    deadline: never,
  },
  'proceeding, 1xx': {
    from: unreliableProceeding,
    input: 'provisional',
    at: start + 30,
    phase: 'proceeding',
    outputs: ['deliver'],
    deadline: start + T1,
  },
  'proceeding, final': {
    from: unreliableProceeding,
    input: 'final',
    at: start + 20,
    phase: 'completed',
    outputs: ['deliver'],
    deadline: timerK,
  },
  'proceeding over TCP, final': {
    from: reliableProceeding,
    input: 'final',
    at: start + 20,
    phase: 'terminated',
    outputs: ['deliver', 'terminated'],
    deadline: never,
  },
  'proceeding, transport error': {
    from: unreliableProceeding,
    input: 'transport-error',
    at: start + 20,
    phase: 'terminated',
    outputs: ['transport-failure', 'terminated'],
    deadline: never,
  },
  'completed, 1xx is absorbed': {
    from: completed,
    input: 'provisional',
    at: start + 30,
    phase: 'completed',
    outputs: [],
    deadline: timerK,
  },
  'completed, final is absorbed': { from: completed, input: 'final', at: start + 30, phase: 'completed', outputs: [], deadline: timerK },
  'completed, transport error': {
    from: completed,
    input: 'transport-error',
    at: start + 30,
    phase: 'completed',
    outputs: [],
    deadline: timerK,
  },
  'completed, before Timer K': { from: completed, input: 'wake', at: timerK - 1, phase: 'completed', outputs: [], deadline: timerK },
  'completed, Timer K': { from: completed, input: 'wake', at: timerK, phase: 'terminated', outputs: ['terminated'], deadline: never },
  'terminated, 1xx': { from: terminated, input: 'provisional', at: start + 30, phase: 'terminated', outputs: [], deadline: never },
  'terminated, final': { from: terminated, input: 'final', at: start + 30, phase: 'terminated', outputs: [], deadline: never },
  'terminated, wake': { from: terminated, input: 'wake', at: timerF, phase: 'terminated', outputs: [], deadline: never },
  'terminated, transport error': {
    from: terminated,
    input: 'transport-error',
    at: timerF,
    phase: 'terminated',
    outputs: [],
    deadline: never,
  },
};

describe('non-INVITE client transaction (RFC 3261 §17.1.2)', () => {
  for (const [name, row] of Object.entries(rows)) {
    it(name, () => {
      const step = stepClientNonInvite(row.from, row.input, row.at);
      assert.equal(step.state.phase, row.phase);
      assert.deepEqual(step.outputs, row.outputs);
      assert.equal(clientNonInviteDeadline(step.state), row.deadline);
    });
  }

  it('covers each input in each phase', () => {
    const covered = new Set(Object.values(rows).map(({ from, input }) => `${from.phase} ${input}`));
    assert.equal(covered.size, 4 * 4);
  });

  it('sends at 0, 0.5, 1.5, 3.5, 7.5, … 31.5 s and gives up at 32 s', () => {
    let { state } = startClientNonInvite(false, 0);
    const sent = [0];
    let last: readonly ClientOutput[] = [];
    for (let at = clientNonInviteDeadline(state); at !== never; at = clientNonInviteDeadline(state)) {
      const step = stepClientNonInvite(state, 'wake', at);
      if (step.outputs.includes('send')) sent.push(at);
      last = step.outputs;
      state = step.state;
    }
    assert.deepEqual(sent, [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]);
    assert.deepEqual(last, ['timeout', 'terminated']);
  });
});
