import { contentTypeOf, parseImdns } from '@opencpm/payloads';
import { canonicalAddress, Malformed, requestUri, type SipRequest } from '@opencpm/sip';
import { anonymousUri } from '../../common/addresses.ts';
import { messageId } from '../../common/identifiers.ts';
import type { StandaloneMessage } from '../../common/standalone-message.ts';
import type { AnonymousOriginators, QueueFault, ServedRequest } from '../../ports.ts';

/** A notification to the anonymous address, which is nobody's. */
export function isToAnonymousOriginator(request: SipRequest, { kind }: Pick<StandaloneMessage, 'kind'>): boolean {
  if (kind !== 'notification') return false;
  const uri = requestUri(request);
  return !(uri instanceof Malformed) && canonicalAddress(uri) === anonymousUri;
}

/**
 * To whom a notification goes that the served user sends to the anonymous address (decision 34). Undefined when nobody is
 * known: then it goes nowhere.
 */
export async function anonymousOriginator(
  { servedUser, arrivedAt }: Pick<ServedRequest, 'servedUser' | 'arrivedAt'>,
  message: StandaloneMessage,
  originators: AnonymousOriginators,
): Promise<string | undefined | QueueFault> {
  let common: string | undefined;
  for (const id of messagesNotified(message)) {
    const originator = await originators.find(servedUser, messageId(id), arrivedAt);
    if (typeof originator === 'object') return originator;
    // Notifications of several senders' messages in one body would tell each of the others.
    if (originator === undefined || originator !== (common ?? originator)) return undefined;
    common = originator;
  }
  return common;
}

/** imdn.Message-IDs of the messages that it is about: one, or several in an aggregate. */
function messagesNotified({ cpim }: StandaloneMessage): ReadonlySet<string> {
  return new Set(parseImdns(contentTypeOf(cpim), cpim.content).imdns.map((imdn) => imdn.messageId));
}
