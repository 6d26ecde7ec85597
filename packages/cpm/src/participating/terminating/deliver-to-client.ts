import type { SipRequest, SipResponse } from '@opencpm/sip';
import type { Binding } from '../../common/binding.ts';
import { messageUidHeaderName } from '../../common/cpm-headers.ts';
import { type NotifiedMessage, positiveDeliveryNotification } from '../../common/disposition/notification-of-function.ts';
import { nextLeg } from '../../common/next-leg.ts';
import { acceptContactFor } from '../../common/service-tags.ts';
import { plainText } from '../../common/standalone-message.ts';
import { isPlain } from './suitable-clients.ts';
import type { TerminatingContext, TerminatingMessage } from './terminating-message.ts';

/** What one client made of the message. */
export type ClientOutcome =
  | { readonly kind: 'accepted'; readonly status: number; readonly client: Binding }
  | { readonly kind: 'failed'; readonly response?: SipResponse };

/** The request of step 8 to one client and what he makes of it (B-8.3.1.1-18 to -22). */
export async function deliverToClient(
  client: Binding,
  terminating: TerminatingMessage,
  context: TerminatingContext,
): Promise<ClientOutcome> {
  const request = requestToClient(client, terminating, context);
  const answered = await context.ports.sipCore.toClient(client, request);
  if (answered.kind !== 'answered') return { kind: 'failed' };
  const { response } = answered;
  if (response.status < 300) return { kind: 'accepted', status: response.status, client };
  if (isPlain(client) && (response.status === 415 || response.status === 488))
    return deliverPlainText(client, request, terminating, context);
  return { kind: 'failed', response };
}

function requestToClient(client: Binding, terminating: TerminatingMessage, context: TerminatingContext): SipRequest {
  const { self, ports } = context;
  const leg = nextLeg(terminating.request, { callId: `${ports.ids.unique()}@${self.host}`, userAgent: self.server });
  // B-8.3.1.1-19: the tag of the service, and no other request for clients, which was the sender's and is done with.
  let headers = leg.headers.without('Accept-Contact').append('Accept-Contact', acceptContactFor('msg'));
  // E 6.1.2, decision 18: a client without public GRUU is named by its instance.
  if (client.publicGruu === undefined && client.instance !== undefined && !isPlain(client)) {
    headers = headers.append('Accept-Contact', `*;+sip.instance="${client.instance}";require;explicit`);
  }
  if (terminating.uid !== undefined) headers = headers.with(messageUidHeaderName, String(terminating.uid));
  return { ...leg, headers };
}

/**
 * A plain SIP client that does not understand CPIM gets the text inside, once. It sends no notifications, so the
 * function itself owes the delivery notification, durable before the sender gets his 2xx.
 */
async function deliverPlainText(
  client: Binding,
  request: SipRequest,
  terminating: TerminatingMessage,
  context: TerminatingContext,
): Promise<ClientOutcome> {
  const { ports, self } = context;
  const text = plainText(terminating.message);
  if (text === undefined) return { kind: 'failed' };
  const headers = request.headers
    .with('Content-Type', text.contentType)
    .with('Call-ID', `${ports.ids.unique()}@${self.host}`)
    .without('Accept-Contact');
  const answered = await ports.sipCore.toClient(client, { ...request, headers, body: text.octets });
  if (answered.kind !== 'answered') return { kind: 'failed' };
  if (answered.response.status >= 300) return { kind: 'failed', response: answered.response };
  const owed = positiveDeliveryNotification(notifiedOf(terminating), ports.clock.now(), context);
  const fault = owed === undefined ? undefined : await ports.outbox.owe(owed);
  if (fault !== undefined) ports.diagnostics.fault('owe a delivery notification', fault.reason);
  return { kind: 'accepted', status: answered.response.status, client };
}

function notifiedOf(terminating: TerminatingMessage): NotifiedMessage {
  const { servedUser, arrivedAt, message, request } = terminating;
  return { owner: servedUser, arrivedAt, message, recipientUri: request.uri };
}
