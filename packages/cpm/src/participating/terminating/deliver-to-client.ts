import type { SipRequest } from '@opencpm/sip';
import type { Binding } from '../../common/binding.ts';
import { messageUidHeaderName } from '../../common/cpm-headers.ts';
import { positiveDeliveryNotification } from '../../common/disposition/notification-of-function.ts';
import { nextLeg } from '../../common/next-leg.ts';
import { sentNames } from '../../common/sent-names.ts';
import { acceptContactFor } from '../../common/service-tags.ts';
import { type PlainText, plainText } from '../../common/standalone-message.ts';
import type { DeliveryNames, OwedRequest } from '../../ports.ts';
import { addressedToDevice } from './address-device.ts';
import { type Acceptance, type LegOutcome, legOutcome } from './delivery-outcome.ts';
import { isPlain, suitableClients } from './suitable-clients.ts';
import type { TerminatingContext, TerminatingMessage } from './terminating-message.ts';

const unreached: LegOutcome = { kind: 'failed', temporary: true };

/** The request of step 8 to one client and what he makes of it (B-8.3.1.1-18 to -22). */
export async function deliverToClient(client: Binding, terminating: TerminatingMessage, context: TerminatingContext): Promise<LegOutcome> {
  const names = legNames(client, 'whole', terminating, context);
  const request = requestToClient(client, names, terminating, context);
  const answered = await context.ports.sipCore.toClient(client, request, names.branch);
  if (answered.kind !== 'answered') {
    const other = otherFlow(client, terminating, context);
    return other === undefined ? unreached : deliverToClient(other, terminating, context);
  }
  const { response } = answered;
  const text = isPlain(client) && (response.status === 415 || response.status === 488) ? plainText(terminating.message) : undefined;
  if (text === undefined) return legOutcome(response, false);
  const textNames = legNames(client, 'text', terminating, context);
  return deliverPlainText({ client, request, text, names: textNames }, context);
}

/** The device may still be there by another flow that it registered (RFC 5626 §5.3). */
function otherFlow(
  client: Binding,
  { servedUser, message }: TerminatingMessage,
  { ports, policy }: TerminatingContext,
): Binding | undefined {
  if (client.instance === undefined) return undefined;
  const suitable = suitableClients(ports.registrations.of(servedUser), message, policy, ports.clock.now());
  return suitable.find((other) => other.instance === client.instance && other.client !== client.client);
}

/**
 * Names of the leg follow from those of the request: who sends the same request again because this server crashed, be
 * it a peer or our own outbox, makes it a retransmission to the client.
 */
function legNames(client: Binding, form: 'whole' | 'text', terminating: TerminatingMessage, { ports }: TerminatingContext): DeliveryNames {
  const { servedUser, message, request } = terminating;
  const subject = [form, servedUser, message.originator, ...sentNames(request.headers)].join('\n');
  return ports.ids.deliveryNames(subject, client.client, 0);
}

function requestToClient(client: Binding, names: DeliveryNames, terminating: TerminatingMessage, { self }: TerminatingContext): SipRequest {
  const leg = nextLeg(terminating.request, { callId: `${names.callId}@${self.host}`, userAgent: self.server });
  // B-8.3.1.1-19: the tag of the service, and no other request for clients, which was the sender's and is done with.
  let headers = leg.headers.without('Accept-Contact').append('Accept-Contact', acceptContactFor('msg'));
  if (terminating.copy !== undefined) headers = headers.with(messageUidHeaderName, String(terminating.copy.uid));
  // B-8.3.1.1-20.
  return addressedToDevice({ ...leg, headers }, client);
}

interface TextDelivery {
  readonly client: Binding;
  /** The request that the client has just refused. */
  readonly request: SipRequest;
  readonly text: PlainText;
  readonly names: DeliveryNames;
}

/** A plain SIP client that does not understand CPIM gets the text inside, once. */
async function deliverPlainText({ client, request, text, names }: TextDelivery, context: TerminatingContext): Promise<LegOutcome> {
  const { ports, self } = context;
  const headers = request.headers
    .with('Content-Type', text.contentType)
    .with('Call-ID', `${names.callId}@${self.host}`)
    .without('Accept-Contact');
  const answered = await ports.sipCore.toClient(client, { ...request, headers, body: text.octets }, names.branch);
  return answered.kind === 'answered' ? legOutcome(answered.response, true) : unreached;
}

/** What the function owes once a client has accepted: only one of them, so the sender is told once. */
export function owedForAcceptance(
  acceptance: Acceptance,
  { servedUser, arrivedAt, message, request }: TerminatingMessage,
  context: TerminatingContext,
): OwedRequest | undefined {
  if (!acceptance.byText) return undefined;
  const notified = { owner: servedUser, arrivedAt, message, recipientUri: request.uri };
  return positiveDeliveryNotification(notified, context.ports.clock.now(), context);
}
