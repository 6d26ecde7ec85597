import type { Clock } from '../../ports.ts';
import { deliverToClient } from './deliver-to-client.ts';
import type { DeliveryOutcome, LegOutcome, Undelivered } from './delivery-outcome.ts';
import { expectingClients, suitableClients } from './suitable-clients.ts';
import type { TerminatingContext, TerminatingMessage } from './terminating-message.ts';

/**
 * One request per suitable client, in parallel, and the ISF's copy when there is one; the first 2xx wins, later ones are
 * absorbed (B-8.3.1.1-18, -24, -25; decisions 43, 44).
 */
export async function deliverToSuitableClients(
  terminating: TerminatingMessage,
  context: TerminatingContext,
  copy?: Promise<LegOutcome>,
): Promise<DeliveryOutcome> {
  const { ports, policy } = context;
  const { known, message, preferences, arrivedAt } = terminating;
  const clients = expectingClients(suitableClients(known, message, policy, arrivedAt), message, preferences);
  if (clients.length === 0 && copy === undefined) return { kind: 'no-suitable-client' };
  const legs = clients.map((client) => ({ client, ended: deliverToClient(client, terminating, context) }));
  const attempts = legs.map(({ ended }) => ended);
  const ended = untilAcceptedOrAllFailed(copy === undefined ? attempts : [...attempts, copy]);
  const inTime = await before(arrivedAt + policy.answerWithinMilliseconds, ended, ports.clock);
  if (inTime?.kind === 'refused') return { ...inTime, undelivered: { ...inTime.undelivered, legs } };
  if (inTime !== undefined) return inTime;
  return { kind: 'unanswered', legs, late: ended.then((outcome) => (outcome.kind === 'accepted' ? outcome.acceptance : undefined)) };
}

/** Undefined when the deadline comes first. */
async function before<T extends object>(deadline: number, ended: Promise<T>, clock: Clock): Promise<T | undefined> {
  const timer = clock.wait(deadline);
  const first = await Promise.race([ended, timer.over]);
  timer.cancel();
  return typeof first === 'object' ? first : undefined;
}

type EndedOutcome = Extract<DeliveryOutcome, { kind: 'accepted' | 'refused' }>;

function untilAcceptedOrAllFailed(attempts: readonly Promise<LegOutcome>[]): Promise<EndedOutcome> {
  return new Promise((resolve, reject) => {
    const failures: Extract<LegOutcome, { kind: 'failed' }>[] = [];
    const settle = (outcome: LegOutcome) => {
      if (outcome.kind === 'accepted') resolve(outcome);
      else if (failures.push(outcome) === attempts.length) resolve({ kind: 'refused', undelivered: undeliveredBy(failures) });
    };
    for (const attempt of attempts) attempt.then(settle, reject);
  });
}

/** Decision 44: for good only if every leg has said so. */
function undeliveredBy(failures: readonly Extract<LegOutcome, { kind: 'failed' }>[]): Undelivered {
  const responses = failures.flatMap(({ response }) => (response === undefined ? [] : [response]));
  return { responses, temporary: failures.some(({ temporary }) => temporary) };
}
