import type { Clock } from '../../ports.ts';
import { type Acceptance, deliverToClient, type LegOutcome } from './deliver-to-client.ts';
import type { Undelivered } from './handle-undelivered.ts';
import { suitableClients } from './suitable-clients.ts';
import type { TerminatingContext, TerminatingMessage } from './terminating-message.ts';

export type DeliveryOutcome =
  | { readonly kind: 'accepted'; readonly acceptance: Acceptance }
  | { readonly kind: 'no-suitable-client' }
  /** Every client has answered or is out of reach, none with 2xx. */
  | { readonly kind: 'refused'; readonly undelivered: Undelivered }
  /** Nobody said 2xx in time; the client transactions go on. `late` tells whether one still did. */
  | { readonly kind: 'unanswered'; readonly late: Promise<Acceptance | undefined> };

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
  const clients = suitableClients(terminating.known, terminating.message, policy, terminating.arrivedAt);
  if (clients.length === 0 && copy === undefined) return { kind: 'no-suitable-client' };
  const legs = clients.map((client) => deliverToClient(client, terminating, context));
  const attempts = copy === undefined ? legs : [...legs, copy];
  return firstAcceptance(attempts, ports.clock, terminating.arrivedAt + policy.answerWithinMilliseconds);
}

async function firstAcceptance(attempts: readonly Promise<LegOutcome>[], clock: Clock, deadline: number): Promise<DeliveryOutcome> {
  const ended = untilAcceptedOrAllFailed(attempts);
  const timer = clock.wait(deadline);
  const first = await Promise.race([ended, timer.over]);
  timer.cancel();
  if (typeof first === 'object') return first;
  return { kind: 'unanswered', late: ended.then((outcome) => (outcome.kind === 'accepted' ? outcome.acceptance : undefined)) };
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
