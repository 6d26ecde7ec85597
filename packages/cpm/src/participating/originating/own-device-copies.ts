import { formatCpim, imdnNamespace, withoutHeader } from '@opencpm/payloads';
import { formatUri, pAssertedIdentityHeader, type SipRequest, viaHeader } from '@opencpm/sip';
import type { AnsweringFunction } from '../../common/answers.ts';
import type { Binding } from '../../common/binding.ts';
import { nextLeg } from '../../common/next-leg.ts';
import { acceptContactFor } from '../../common/service-tags.ts';
import type { StandaloneMessage } from '../../common/standalone-message.ts';
import type { DeliveryNames, ServedRequest } from '../../ports.ts';
import type { ServiceProviderPolicy } from '../../service-provider-policy.ts';
import type { OriginatingPorts } from '../participating-ports.ts';
import { addressedToDevice } from '../terminating/address-device.ts';
import { expectingClients, suitableClients } from '../terminating/suitable-clients.ts';

export interface OwnDeviceContext {
  readonly ports: Pick<OriginatingPorts, 'sipCore' | 'registrations' | 'preferences' | 'clock' | 'ids'>;
  readonly policy: Pick<ServiceProviderPolicy, 'ownDeviceCopies'>;
  readonly self: AnsweringFunction;
}

/**
 * What one of a user's clients has sent, for his other ones, so that each shows the whole conversation (wire facts 8.1
 * step 10, E-8.2.2.1-34 to -39 by analogy). They are CPM Clients that are there now: a copy is not deferred, and what a
 * device has missed it finds in the message store. Nobody waits for it, and it is lost with this process. Undefined when
 * there is no other one, else resolves with the number of clients that took it. E-8.2.2.1-34, -35: the release that a
 * client speaks was looked at when it sent.
 */
export function sendOwnDeviceCopies(
  served: ServedRequest,
  message: StandaloneMessage,
  context: OwnDeviceContext,
): Promise<number> | undefined {
  if (context.policy.ownDeviceCopies === 'never' || message.kind === 'notification') return undefined;
  const others = otherClients(served, context);
  return others.length === 0 ? undefined : sendCopies(others, served, message, context);
}

async function sendCopies(
  others: readonly Binding[],
  served: ServedRequest,
  message: StandaloneMessage,
  context: OwnDeviceContext,
): Promise<number> {
  const { ports } = context;
  const expecting = expectingClients(others, message, await ports.preferences.of(served.servedUser));
  // The sender's answer goes first.
  await ports.clock.wait(ports.clock.now()).over;
  const copies = expecting.map((client) => {
    const names = copyNames(client, served, message, context);
    return ports.sipCore.toClient(client, copyFor(client, served.request, message, { names, context }), names.branch);
  });
  const answers = await Promise.all(copies);
  return answers.filter((answer) => answer.kind === 'answered' && answer.response.status < 300).length;
}

/** E-8.2.2.1-36: the suitable ones but the one that has sent this, by whichever of its flows. */
function otherClients({ servedUser, sendingClients = [] }: ServedRequest, { ports }: OwnDeviceContext): readonly Binding[] {
  const bindings = ports.registrations.of(servedUser);
  // Most users have one client, and who sends by a trusted peer may have none here.
  if (bindings.length === 0 || (bindings.length === 1 && sendingClients.length > 0)) return [];
  const sending = bindings.filter(({ client }) => sendingClients.includes(client));
  const isSending = (binding: Binding) =>
    sending.some(({ client, instance }) => client === binding.client || (instance !== undefined && instance === binding.instance));
  const toAnyDevice = { kind: 'message', device: undefined } as const;
  return suitableClients(bindings, toAnyDevice, { plainClients: 'ignore' }, ports.clock.now()).filter((binding) => !isSending(binding));
}

/** The same for a message that its sender sends again, so that it is no second one to the client. */
function copyNames(
  client: Binding,
  { servedUser, request }: ServedRequest,
  message: StandaloneMessage,
  { ports }: OwnDeviceContext,
): DeliveryNames {
  const { headers } = request;
  const sent = message.messageId ?? [headers.value(viaHeader)?.branch, headers.text('Call-ID'), headers.text('CSeq')].join('\n');
  return ports.ids.deliveryNames(['own copy', servedUser, request.uri, message.contributionId, sent].join('\n'), client.client, 0);
}

interface Copying {
  readonly names: DeliveryNames;
  readonly context: OwnDeviceContext;
}

/**
 * E-8.2.2.1-37, -38: to that device, all else as it was sent: From and asserted identity are the sender's, To the
 * recipient's. Nobody hides from himself. No notification is asked for: the recipient's devices are those that give them.
 */
function copyFor(client: Binding, sent: SipRequest, { cpim }: StandaloneMessage, { names, context }: Copying): SipRequest {
  const { self } = context;
  const leg = nextLeg(
    { ...sent, headers: sent.headers.without('Privacy') },
    { callId: `${names.callId}@${self.host}`, userAgent: self.server },
  );
  const headers = leg.headers.without('Accept-Contact').without('Contact').append('Accept-Contact', acceptContactFor('msg'));
  const body = formatCpim(withoutHeader(cpim, imdnNamespace, 'Disposition-Notification'));
  const sender = sent.headers.value(pAssertedIdentityHeader);
  return addressedToDevice({ ...leg, uri: sender === undefined ? sent.uri : formatUri(sender.uri), headers, body }, client);
}
