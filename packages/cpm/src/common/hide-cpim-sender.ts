import { coreNamespace, formatCpim, withHeader } from '@opencpm/payloads';
import type { SipRequest } from '@opencpm/sip';
import { anonymousUri } from './addresses.ts';
import type { StandaloneMessage } from './standalone-message.ts';

/** CPIM From of a sender who hides says what SIP From says (wire facts 5.1, decision 34). */
export function hideCpimSender(request: SipRequest, message: StandaloneMessage): SipRequest {
  const hidden = withHeader(message.cpim, coreNamespace, 'From', `<${anonymousUri}>`);
  return { ...request, body: formatCpim(hidden) };
}
