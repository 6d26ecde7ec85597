import type { SipResponse } from '@opencpm/sip';
import { answer, refuse } from '../../common/answers.ts';
import { deferStandaloneMessage } from '../deferred/defer-standalone-message.ts';
import { charged } from './charged.ts';
import type { ClientLeg, Undelivered } from './delivery-outcome.ts';
import type { TerminatingContext, TerminatingMessage } from './terminating-message.ts';

/** No client was tried. */
export const nobodyTried: Undelivered = { responses: [], temporary: false };

/**
 * Step 9, B-8.3.1.1-25 to -27, decisions 37, 44 and 45: nobody took the message and the operator's policy decides.
 * Only what every client refused for good is refused by policy `reject`; the rest waits.
 */
export async function handleUndelivered(
  terminating: TerminatingMessage,
  { responses, temporary, notInterworked = false, legs = [] }: Undelivered,
  context: TerminatingContext,
): Promise<SipResponse> {
  const { policy, self } = context;
  switch (policy.undelivered) {
    case 'defer':
      return deferStandaloneMessage(await withoutTrace(terminating), context, { legs });
    case 'interwork':
      if (notInterworked) return deferStandaloneMessage(await withoutTrace(terminating), context, { legs });
      return interworkUndelivered(terminating, legs, context);
    case 'reject': {
      const traceless = await withoutTrace(terminating);
      if (temporary) return deferStandaloneMessage(traceless, context, { legs });
      return charged(terminating, refuse(terminating.request, { status: bestResponse(responses) ?? 480 }, self), 'refused', context);
    }
  }
}

/** B-8.3.1.1-27. Decision 45: without an ISF it counts as failed, and nothing may be lost by that. */
async function interworkUndelivered(
  terminating: TerminatingMessage,
  legs: readonly ClientLeg[],
  context: TerminatingContext,
): Promise<SipResponse> {
  const outcome = await context.ports.isf.interwork(terminating.request);
  if (outcome.kind === 'answered' && outcome.response.status < 300) {
    terminating.copy?.keep();
    return charged(terminating, answer(terminating.request, outcome.response.status, context.self), 'interworked', context);
  }
  return deferStandaloneMessage(await withoutTrace(terminating), context, { legs });
}

/**
 * B-8.3.1.1-28: what was recorded but neither delivered nor interworked leaves the store again; a deferred message is
 * recorded when it is pushed (decision 31).
 */
async function withoutTrace({ copy, ...traceless }: TerminatingMessage): Promise<TerminatingMessage> {
  await copy?.remove();
  return traceless;
}

/** RFC 3261 §16.7 step 6, of answers that refuse for good: a 6xx, else one of the lowest class. */
export function bestResponse(responses: readonly SipResponse[]): number | undefined {
  const statuses = responses.map(({ status }) => status).sort((one, other) => one - other);
  return statuses.find((status) => status >= 600) ?? statuses[0];
}
