import type { SipResponse } from '@opencpm/sip';
import type { Clock } from '../../ports.ts';
import { type ClientOutcome, deliverToClient } from './deliver-to-client.ts';
import { suitableClients } from './suitable-clients.ts';
import type { TerminatingContext, TerminatingMessage } from './terminating-message.ts';

export type DeliveryOutcome =
  | { readonly kind: 'accepted'; readonly status: number }
  | { readonly kind: 'no-suitable-client' }
  /** Every client has answered or is out of reach, none with 2xx. */
  | { readonly kind: 'refused'; readonly responses: readonly SipResponse[] }
  /** Nobody said 2xx in time; the client transactions go on. `late` tells whether one still did. */
  | { readonly kind: 'unanswered'; readonly late: Promise<boolean> };

/** One request per suitable client, in parallel; the first 2xx wins, later ones are absorbed (B-8.3.1.1-18, -24; decisions 43, 44). */
export async function deliverToSuitableClients(terminating: TerminatingMessage, context: TerminatingContext): Promise<DeliveryOutcome> {
  const { ports, policy } = context;
  const clients = suitableClients(ports.registrations.of(terminating.servedUser), terminating.message, policy, terminating.arrivedAt);
  if (clients.length === 0) return { kind: 'no-suitable-client' };
  const attempts = clients.map((client) => deliverToClient(client, terminating, context));
  return firstAcceptance(attempts, ports.clock, terminating.arrivedAt + policy.answerWithinMilliseconds);
}

async function firstAcceptance(attempts: readonly Promise<ClientOutcome>[], clock: Clock, deadline: number): Promise<DeliveryOutcome> {
  const ended = untilAcceptedOrAllFailed(attempts);
  const timer = clock.wait(deadline);
  const first = await Promise.race([ended, timer.over]);
  timer.cancel();
  if (typeof first === 'object') return first;
  return { kind: 'unanswered', late: ended.then((outcome) => outcome.kind === 'accepted') };
}

type EndedOutcome = Extract<DeliveryOutcome, { kind: 'accepted' | 'refused' }>;

function untilAcceptedOrAllFailed(attempts: readonly Promise<ClientOutcome>[]): Promise<EndedOutcome> {
  return new Promise((resolve, reject) => {
    const responses: SipResponse[] = [];
    let open = attempts.length;
    const settle = (outcome: ClientOutcome) => {
      if (outcome.kind === 'accepted') resolve({ kind: 'accepted', status: outcome.status });
      else if (outcome.response !== undefined) responses.push(outcome.response);
      open -= 1;
      if (open === 0) resolve({ kind: 'refused', responses });
    };
    for (const attempt of attempts) attempt.then(settle, reject);
  });
}
