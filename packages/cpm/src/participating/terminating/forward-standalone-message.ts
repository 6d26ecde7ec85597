import { Malformed, parseUri, type SipResponse } from '@opencpm/sip';
import { answer } from '../../common/answers.ts';
import { nextLeg } from '../../common/next-leg.ts';
import { charged } from './charged.ts';
import { handleUndelivered, nobodyTried } from './handle-undelivered.ts';
import type { TerminatingContext, TerminatingMessage } from './terminating-message.ts';

/**
 * Step 5e, B-8.3.1.1-13: the message goes to the address of the user's preferences instead, through the core. The
 * answer of the new recipient's side is the sender's (the exception of B-8.3.1.1-24). The hop list ends loops.
 */
export async function forwardStandaloneMessage(
  terminating: TerminatingMessage,
  to: string,
  context: TerminatingContext,
): Promise<SipResponse> {
  const { ports, self } = context;
  if (parseUri(to) instanceof Malformed) return handleUndelivered(terminating, nobodyTried, context);
  const leg = nextLeg(terminating.request, { callId: `${ports.ids.unique()}@${self.host}`, userAgent: self.server });
  const response = await ports.sipCore.onward({ ...leg, uri: to }, [
    ...terminating.hops,
    { user: terminating.servedUser, case: 'terminating' },
  ]);
  return charged(terminating, answer(terminating.request, response.status, self), 'forwarded', context);
}
