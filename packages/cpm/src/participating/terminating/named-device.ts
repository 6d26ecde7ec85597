import { type Binding, isLive } from '../../common/binding.ts';
import type { StandaloneMessage } from '../../common/standalone-message.ts';
import type { ServedRequest } from '../../ports.ts';

type Received = Pick<ServedRequest, 'device' | 'arrivedAt'> & { readonly message: Pick<StandaloneMessage, 'kind'> };

/** A GRUU in the Request-URI says like Accept-Contact which device is meant (decision 18, RFC 5627 §6). */
export function forNamedDevice(message: StandaloneMessage, { device }: ServedRequest): StandaloneMessage {
  return device === undefined ? message : { ...message, device };
}

/** The clients that a message to a GRUU may be sent to. A notification finds another one when that device is not there (decision 46). */
export function bindingsOfNamedDevice(bindings: readonly Binding[], { device, message }: Received): readonly Binding[] {
  if (device === undefined || message.kind === 'notification') return bindings;
  return bindings.filter(({ instance }) => instance?.toLowerCase() === device.toLowerCase());
}

export function isForAbsentDevice(bindings: readonly Binding[], { device, message, arrivedAt }: Received): boolean {
  return device !== undefined && message.kind === 'message' && !bindings.some((binding) => isLive(binding, arrivedAt));
}
