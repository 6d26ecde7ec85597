import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type ClientInviteInput,
  type ClientInviteOutput,
  type ClientInviteState,
  clientInviteDeadline,
  type InviteClientPhase,
  startClientInvite,
  stepClientInvite,
} from './client-invite.ts';
import { T1 } from './timers.ts';

const start = 1_000_000;
const never = Number.POSITIVE_INFINITY;
const after = (from: ClientInviteState, input: ClientInviteInput) => stepClientInvite(from, input, start + 10).state;

const calling = startClientInvite(false, start).state;
const callingTcp = startClientInvite(true, start).state;
const callingCancelled = after(calling, 'cancel');
const proceeding = after(calling, 'provisional');
const proceedingTcp = after(callingTcp, 'provisional');
const proceedingCancelled = after(proceeding, 'cancel');
const accepted = after(calling, 'success');
const completed = after(calling, 'failure');
const terminated = after(calling, 'transport-error');

const timerB = start + 64 * T1;
/** Timer D, Timer M and the wait of a cancelled request, of states that began 10 ms after the start. */
const timerD = start + 10 + 32_000;
const timerM = start + 10 + 64 * T1;

type Row = readonly [
  name: string,
  from: ClientInviteState,
  input: ClientInviteInput,
  at: number,
  phase: InviteClientPhase,
  outputs: readonly ClientInviteOutput[],
  deadline: number,
];

const rows: readonly Row[] = [
  ['calling, Timer A', calling, 'wake', start + T1, 'calling', ['send'], start + 3 * T1],
  ['calling, too early', calling, 'wake', start + T1 - 1, 'calling', [], start + T1],
  ['calling, Timer B', calling, 'wake', timerB, 'terminated', ['timeout', 'terminated'], never],
  ['calling over TCP, no Timer A', callingTcp, 'wake', start + 10 * T1, 'calling', [], timerB],
  ['calling over TCP, Timer B', callingTcp, 'wake', timerB, 'terminated', ['timeout', 'terminated'], never],
  ['calling, 1xx ends Timers A and B', calling, 'provisional', start + 1, 'proceeding', ['deliver'], never],
  ['calling, 2xx', calling, 'success', start + 10, 'accepted', ['deliver'], timerM],
  ['calling over TCP, 2xx: Timer M all the same', callingTcp, 'success', start + 10, 'accepted', ['deliver'], timerM],
  ['calling, failure', calling, 'failure', start + 10, 'completed', ['acknowledge', 'deliver'], timerD],
  [
    'calling over TCP, failure: Timer D is zero',
    callingTcp,
    'failure',
    start + 10,
    'terminated',
    ['acknowledge', 'deliver', 'terminated'],
    never,
  ],
  ['calling, a cancel waits for a provisional', calling, 'cancel', start + 1, 'calling', [], start + T1],
  [
    'calling and to be cancelled, 1xx',
    callingCancelled,
    'provisional',
    start + 10,
    'proceeding',
    ['deliver', 'send-cancel'],
    start + 10 + 64 * T1,
  ],
  ['calling and to be cancelled, 2xx', callingCancelled, 'success', start + 10, 'accepted', ['deliver'], timerM],
  ['calling, transport error', calling, 'transport-error', start + 1, 'terminated', ['transport-failure', 'terminated'], never],
  ['proceeding, 1xx', proceeding, 'provisional', start + 20, 'proceeding', ['deliver'], never],
  ['proceeding, 2xx', proceeding, 'success', start + 10, 'accepted', ['deliver'], timerM],
  ['proceeding, failure', proceeding, 'failure', start + 10, 'completed', ['acknowledge', 'deliver'], timerD],
  ['proceeding over TCP, failure', proceedingTcp, 'failure', start + 10, 'terminated', ['acknowledge', 'deliver', 'terminated'], never],
  ['proceeding, cancel', proceeding, 'cancel', start + 10, 'proceeding', ['send-cancel'], timerM],
  ['proceeding, a second cancel', proceedingCancelled, 'cancel', start + 20, 'proceeding', [], timerM],
  ['proceeding, time does nothing', proceeding, 'wake', timerB, 'proceeding', [], never],
  [
    'proceeding and cancelled, no final response in 64 times T1',
    proceedingCancelled,
    'wake',
    timerM,
    'terminated',
    ['timeout', 'terminated'],
    never,
  ],
  ['proceeding, transport error', proceeding, 'transport-error', start + 20, 'proceeding', [], never],
  ['accepted, 2xx of another branch', accepted, 'success', start + 20, 'accepted', ['deliver'], timerM],
  ['accepted, 1xx', accepted, 'provisional', start + 20, 'accepted', [], timerM],
  ['accepted, failure', accepted, 'failure', start + 20, 'accepted', [], timerM],
  ['accepted, cancel', accepted, 'cancel', start + 20, 'accepted', [], timerM],
  ['accepted, transport error', accepted, 'transport-error', start + 20, 'accepted', [], timerM],
  ['accepted, before Timer M', accepted, 'wake', timerM - 1, 'accepted', [], timerM],
  ['accepted, Timer M', accepted, 'wake', timerM, 'terminated', ['terminated'], never],
  ['completed, failure again', completed, 'failure', start + 20, 'completed', ['acknowledge'], timerD],
  ['completed, 1xx', completed, 'provisional', start + 20, 'completed', [], timerD],
  ['completed, 2xx', completed, 'success', start + 20, 'completed', [], timerD],
  ['completed, cancel', completed, 'cancel', start + 20, 'completed', [], timerD],
  ['completed, before Timer D', completed, 'wake', timerD - 1, 'completed', [], timerD],
  ['completed, Timer D', completed, 'wake', timerD, 'terminated', ['terminated'], never],
  ['completed, the ACK fails', completed, 'transport-error', start + 20, 'terminated', ['transport-failure', 'terminated'], never],
  ['terminated, 1xx', terminated, 'provisional', start + 20, 'terminated', [], never],
  ['terminated, 2xx', terminated, 'success', start + 20, 'terminated', [], never],
  ['terminated, failure', terminated, 'failure', start + 20, 'terminated', [], never],
  ['terminated, cancel', terminated, 'cancel', start + 20, 'terminated', [], never],
  ['terminated, wake', terminated, 'wake', timerB, 'terminated', [], never],
  ['terminated, transport error', terminated, 'transport-error', timerB, 'terminated', [], never],
];

describe('INVITE client transaction (RFC 3261 §17.1.1, RFC 6026 §8.4)', () => {
  for (const [name, from, input, at, phase, outputs, deadline] of rows) {
    it(name, () => {
      const step = stepClientInvite(from, input, at);
      assert.equal(step.state.phase, phase);
      assert.deepEqual(step.outputs, outputs);
      assert.equal(clientInviteDeadline(step.state), deadline);
    });
  }

  it('covers each input in each phase', () => {
    const covered = new Set(rows.map(([, from, input]) => `${from.phase} ${input}`));
    assert.equal(covered.size, 5 * 6);
  });

  it('sends at 0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5 s and gives up at 32 s', () => {
    let { state } = startClientInvite(false, 0);
    const sent = [0];
    let last: readonly ClientInviteOutput[] = [];
    for (let at = clientInviteDeadline(state); at !== never; at = clientInviteDeadline(state)) {
      const step = stepClientInvite(state, 'wake', at);
      if (step.outputs.includes('send')) sent.push(at);
      last = step.outputs;
      state = step.state;
    }
    assert.deepEqual(sent, [0, 500, 1500, 3500, 7500, 15500, 31500]);
    assert.deepEqual(last, ['timeout', 'terminated']);
  });
});
