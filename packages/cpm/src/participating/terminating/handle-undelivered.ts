import type { SipResponse } from '@opencpm/sip';
import { answer } from '../../common/answers.ts';
import { deferStandaloneMessage } from '../deferred/defer-standalone-message.ts';
import type { TerminatingContext, TerminatingMessage } from './terminating-message.ts';

/**
 * Step 9, B-8.3.1.1-25 to -27: nobody took the message. Something temporary (no client, silence, 480) is deferred
 * whatever the policy says about refusals; when every client refused for good, the policy decides.
 */
export async function handleUndelivered(
  terminating: TerminatingMessage,
  responses: readonly SipResponse[],
  context: TerminatingContext,
): Promise<SipResponse> {
  const { policy, ports, self } = context;
  switch (policy.undelivered) {
    case 'defer':
      return deferStandaloneMessage(terminating, context);
    case 'interwork': {
      const outcome = await ports.isf.interwork(terminating.request);
      // Decision 45: without an ISF the interworking counts as failed, and nothing may be lost by that.
      if (outcome.kind === 'absent' || outcome.response.status >= 300) return deferStandaloneMessage(terminating, context);
      return answer(terminating.request, outcome.response.status, self);
    }
    case 'reject': {
      const best = bestResponse(responses);
      return answer(terminating.request, best ?? 480, self);
    }
  }
}

/** RFC 3261 §16.7 step 6, without the classes that MESSAGE cannot pass on (decision 44): 6xx first, then the lowest class. */
export function bestResponse(responses: readonly SipResponse[]): number | undefined {
  const statuses = responses.map((response) => passable(response.status));
  const global = statuses.find((status) => status >= 600);
  if (global !== undefined) return global;
  return statuses.sort((one, other) => one - other)[0];
}

/** 3xx, 401 and 407 of a client are its own affair, and 408 is no answer to MESSAGE (RFC 4320 §4.2). */
function passable(status: number): number {
  return status < 400 || status === 401 || status === 407 || status === 408 ? 480 : status;
}
