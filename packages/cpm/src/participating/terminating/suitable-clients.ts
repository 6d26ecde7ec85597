import { type Binding, isLive } from '../../common/binding.ts';
import type { StandaloneMessage } from '../../common/standalone-message.ts';
import { deviceExpects, type Preferences } from '../../preferences/preferences.ts';
import type { ServiceProviderPolicy } from '../../service-provider-policy.ts';

/**
 * The clients that may get this message now (6.6, wire facts 5.4, B-8.3.1.1-17). A CPM Client is suitable when it
 * registered the service that the message needs in its original mode, never because of the tag `deferred`. When no
 * registered client has any CPM tag, plain SIP clients are, if the policy says so. A device that registered over several
 * flows is there once, by the flow that it registered last (RFC 5626 §5.3).
 */
export function suitableClients(
  bindings: readonly Binding[],
  message: Pick<StandaloneMessage, 'kind' | 'device'>,
  policy: Pick<ServiceProviderPolicy, 'plainClients'>,
  now: number,
): readonly Binding[] {
  const live = oneFlowPerDevice(bindings.filter((binding) => isLive(binding, now)));
  const tagged = live.filter((binding) => binding.services.has('msg'));
  if (tagged.length > 0) return addressedDevice(tagged, message);
  // A notification means nothing to a client that cannot show it.
  if (message.kind === 'notification' || policy.plainClients === 'ignore') return [];
  return live.filter(isPlain);
}

/**
 * B-8.3.1.1-17, B-8.3.1.6.2-05: those of them that the user expects it on, by the profile that is active on each device.
 * A notification belongs to a message that the device has, whatever profile it has now.
 */
export function expectingClients(
  clients: readonly Binding[],
  { kind }: Pick<StandaloneMessage, 'kind'>,
  preferences: Preferences,
): readonly Binding[] {
  if (kind === 'notification' || preferences.profiles === undefined) return clients;
  return clients.filter(({ instance }) => deviceExpects(preferences, instance));
}

function oneFlowPerDevice(bindings: readonly Binding[]): readonly Binding[] {
  if (bindings.length < 2) return bindings;
  return bindings.filter(
    ({ instance, registeredAt }, index) =>
      instance === undefined ||
      !bindings.some(
        (other, place) =>
          other.instance === instance && (other.registeredAt > registeredAt || (other.registeredAt === registeredAt && place > index)),
      ),
  );
}

/** A client that registered no CPM service at all. */
export function isPlain(binding: Binding): boolean {
  return binding.services.size === 0;
}

/** Decision 46: a notification goes to the device that it names, when that is there. */
function addressedDevice(clients: readonly Binding[], message: Pick<StandaloneMessage, 'kind' | 'device'>): readonly Binding[] {
  if (message.kind !== 'notification' || message.device === undefined) return clients;
  const named = clients.filter((binding) => binding.instance === message.device);
  return named.length > 0 ? named : clients;
}
