import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type InviteServerPhase,
  type ServerInviteInput,
  type ServerInviteOutput,
  type ServerInviteState,
  serverInviteDeadline,
  startServerInvite,
  stepServerInvite,
} from './server-invite.ts';
import { T1, T4 } from './timers.ts';

const start = 1_000_000;
const never = Number.POSITIVE_INFINITY;
const after = (from: ServerInviteState, input: ServerInviteInput) => stepServerInvite(from, input, start + 10).state;

const silent = startServerInvite(false, start);
const silentTcp = startServerInvite(true, start);
const ringing = after(silent, 'provisional');
const accepted = after(silent, 'success');
const completed = after(silent, 'failure');
const completedTcp = after(silentTcp, 'failure');
const confirmed = after(completed, 'acknowledgement');
const terminated = after(completedTcp, 'acknowledgement');

/** Timers G, H, I and L of states that began 10 ms after the start. */
const timerG = start + 10 + T1;
const timerH = start + 10 + 64 * T1;
const timerI = start + 10 + T4;
const timerL = start + 10 + 64 * T1;
const trying = start + 200;

type Row = readonly [
  name: string,
  from: ServerInviteState,
  input: ServerInviteInput,
  at: number,
  phase: InviteServerPhase,
  outputs: readonly ServerInviteOutput[],
  deadline: number,
];

const rows: readonly Row[] = [
  ['proceeding, 100 after 200 ms', silent, 'wake', trying, 'proceeding', ['send-trying'], never],
  ['proceeding, not before', silent, 'wake', trying - 1, 'proceeding', [], trying],
  ['proceeding, nothing said yet, request again', silent, 'request', start + 1, 'proceeding', [], trying],
  ['proceeding, 1xx in place of the 100', silent, 'provisional', start + 1, 'proceeding', ['send'], never],
  ['proceeding, request again', ringing, 'request', start + 20, 'proceeding', ['resend'], never],
  ['proceeding, 1xx again', ringing, 'provisional', start + 20, 'proceeding', ['send'], never],
  ['proceeding, ACK', ringing, 'acknowledgement', start + 20, 'proceeding', [], never],
  ['proceeding, 2xx', ringing, 'success', start + 10, 'accepted', ['send'], timerL],
  ['proceeding over TCP, 2xx: Timer L all the same', silentTcp, 'success', start + 10, 'accepted', ['send'], timerL],
  ['proceeding, failure', ringing, 'failure', start + 10, 'completed', ['send'], timerG],
  ['proceeding over TCP, failure: no Timer G', silentTcp, 'failure', start + 10, 'completed', ['send'], timerH],
  ['proceeding, transport error', ringing, 'transport-error', start + 20, 'proceeding', ['transport-failure'], never],
  ['accepted, request again', accepted, 'request', start + 20, 'accepted', [], timerL],
  ['accepted, 2xx again', accepted, 'success', start + 20, 'accepted', ['send'], timerL],
  ['accepted, ACK', accepted, 'acknowledgement', start + 20, 'accepted', ['deliver-acknowledgement'], timerL],
  ['accepted, 1xx', accepted, 'provisional', start + 20, 'accepted', [], timerL],
  ['accepted, failure', accepted, 'failure', start + 20, 'accepted', [], timerL],
  ['accepted, transport error', accepted, 'transport-error', start + 20, 'accepted', ['transport-failure'], timerL],
  ['accepted, before Timer L', accepted, 'wake', timerL - 1, 'accepted', [], timerL],
  ['accepted, Timer L', accepted, 'wake', timerL, 'terminated', ['terminated'], never],
  ['completed, request again', completed, 'request', start + 20, 'completed', ['resend'], timerG],
  ['completed, Timer G', completed, 'wake', timerG, 'completed', ['resend'], timerG + 2 * T1],
  ['completed, before Timer G', completed, 'wake', timerG - 1, 'completed', [], timerG],
  ['completed, Timer H', completed, 'wake', timerH, 'terminated', ['unacknowledged', 'terminated'], never],
  ['completed over TCP, Timer H', completedTcp, 'wake', timerH, 'terminated', ['unacknowledged', 'terminated'], never],
  ['completed, ACK', completed, 'acknowledgement', start + 10, 'confirmed', [], timerI],
  ['completed over TCP, ACK: Timer I is zero', completedTcp, 'acknowledgement', start + 10, 'terminated', ['terminated'], never],
  ['completed, 1xx', completed, 'provisional', start + 20, 'completed', [], timerG],
  ['completed, 2xx', completed, 'success', start + 20, 'completed', [], timerG],
  ['completed, failure', completed, 'failure', start + 20, 'completed', [], timerG],
  ['completed, transport error', completed, 'transport-error', start + 20, 'completed', ['transport-failure'], timerG],
  ['confirmed, ACK again', confirmed, 'acknowledgement', start + 20, 'confirmed', [], timerI],
  ['confirmed, request again', confirmed, 'request', start + 20, 'confirmed', [], timerI],
  ['confirmed, 1xx', confirmed, 'provisional', start + 20, 'confirmed', [], timerI],
  ['confirmed, 2xx', confirmed, 'success', start + 20, 'confirmed', [], timerI],
  ['confirmed, failure', confirmed, 'failure', start + 20, 'confirmed', [], timerI],
  ['confirmed, transport error', confirmed, 'transport-error', start + 20, 'confirmed', ['transport-failure'], timerI],
  ['confirmed, before Timer I', confirmed, 'wake', timerI - 1, 'confirmed', [], timerI],
  ['confirmed, Timer I', confirmed, 'wake', timerI, 'terminated', ['terminated'], never],
  ...(['request', 'acknowledgement', 'provisional', 'success', 'failure', 'wake', 'transport-error'] as const).map(
    (input): Row => [`terminated, ${input}`, terminated, input, timerH, 'terminated', [], never],
  ),
];

describe('INVITE server transaction (RFC 3261 §17.2.1, RFC 6026 §7.1)', () => {
  for (const [name, from, input, at, phase, outputs, deadline] of rows) {
    it(name, () => {
      const step = stepServerInvite(from, input, at);
      assert.equal(step.state.phase, phase);
      assert.deepEqual(step.outputs, outputs);
      assert.equal(serverInviteDeadline(step.state), deadline);
    });
  }

  it('covers each input in each phase', () => {
    const covered = new Set(rows.map(([, from, input]) => `${from.phase} ${input}`));
    assert.equal(covered.size, 5 * 7);
  });

  it('repeats a failure at 0.5, 1.5, 3.5, 7.5, 11.5, … 31.5 s and gives up at 32 s', () => {
    let { state } = stepServerInvite(startServerInvite(false, 0), 'failure', 0);
    const sent: number[] = [];
    let last: readonly ServerInviteOutput[] = [];
    for (let at = serverInviteDeadline(state); at !== never; at = serverInviteDeadline(state)) {
      const step = stepServerInvite(state, 'wake', at);
      if (step.outputs.includes('resend')) sent.push(at);
      last = step.outputs;
      state = step.state;
    }
    assert.deepEqual(sent, [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]);
    assert.deepEqual(last, ['unacknowledged', 'terminated']);
  });
});
