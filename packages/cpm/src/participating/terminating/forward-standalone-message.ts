import { coreNamespace, formatCpim, header, imdnNamespace, withHeader } from '@opencpm/payloads';
import { Malformed, parseUri, type SipRequest, type SipResponse } from '@opencpm/sip';
import { answer, refusalOf, refuse } from '../../common/answers.ts';
import { cpimIn } from '../../common/cpim-of.ts';
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
  const { request, hops, servedUser } = terminating;
  if (parseUri(to) instanceof Malformed) return handleUndelivered(terminating, nobodyTried, context);
  const leg = { callId: `${ports.ids.unique()}@${self.host}`, userAgent: self.server, recipientUri: to, towardsCore: true };
  const forwarded = readdressed(nextLeg(request, leg), to);
  const response = await ports.sipCore.onward(forwarded, [...hops, { user: servedUser, case: 'terminating' }]);
  const sent = response.status < 300 ? answer(request, response.status, self) : refuse(request, refusalOf(response), self);
  return charged(terminating, sent, 'forwarded', context);
}

/** The CPIM headers name the new recipient, and for notifications the one whom the sender wrote to (RFC 5438 §6, Original-To). */
function readdressed(request: SipRequest, to: string): SipRequest {
  const cpim = cpimIn(request);
  const before = header(cpim, coreNamespace, 'To')?.value;
  const sentTo = withHeader(cpim, coreNamespace, 'To', `<${to}>`);
  const isFirst = before !== undefined && header(cpim, imdnNamespace, 'Original-To') === undefined;
  return { ...request, body: formatCpim(isFirst ? withHeader(sentTo, imdnNamespace, 'Original-To', before) : sentTo) };
}
