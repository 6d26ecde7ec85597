import { contactHeader, type Flow, type SipRequest, viaHeader } from '@opencpm/sip';
import { gruuInstance, sameInstance } from './gruu.ts';
import type { LocatedBinding } from './stored-binding.ts';
import { instanceOf } from './stored-binding.ts';

/**
 * The clients of its user that a request may have come from: the one that it names by its instance or GRUU (wire facts
 * 5.2), else those that registered on this flow. Several clients behind one edge share its flow; there the Via that the
 * client has written tells them apart, and where it does not, it may be any of them.
 */
export function sendingClients(bindings: readonly LocatedBinding[], flow: Flow, request: SipRequest): readonly LocatedBinding[] {
  const instance = instanceNamedBy(request);
  const named = instance === undefined ? [] : bindings.filter((binding) => sameInstance(binding.instance, instance));
  if (named.length > 0) return named;
  const direct = bindings.filter((binding) => binding.path.length === 0 && isOn(binding, flow));
  if (direct.length > 0) return direct;
  const behind = bindings.filter((binding) => binding.path.length > 0 && binding.stored.remote.host === flow.remote.host);
  if (behind.length < 2) return behind;
  const written = behind.filter((binding) => wroteFirstVia(binding, request));
  return written.length > 0 ? written : behind;
}

/** Those of them that are certainly there again: requests reach them by the way on which this one came. */
export function heardClients(sending: readonly LocatedBinding[], flow: Flow): readonly LocatedBinding[] {
  const [first, second] = sending;
  const reached = sending.filter((binding) => isOn(binding, flow) || binding.edge !== undefined || isReconnected(binding, flow));
  if (first === undefined || second === undefined) return reached;
  return reached.every((binding) => binding.path.length === 0) ? reached : [];
}

/** On UDP a client is known by the address that it registered from. */
function isOn({ flow: known, stored, transport }: LocatedBinding, flow: Flow): boolean {
  if (transport !== flow.transport) return false;
  if (transport === 'TCP') return known?.id === flow.id;
  return stored.remote.host === flow.remote.host && stored.remote.port === flow.remote.port;
}

/** A device that named itself on another connection is reached by that one. */
function isReconnected({ transport }: LocatedBinding, flow: Flow): boolean {
  return transport === 'TCP' && flow.reliable;
}

function instanceNamedBy(request: SipRequest): string | undefined {
  const contact = request.headers.value(contactHeader);
  if (contact === undefined || contact === '*') return undefined;
  const instance = instanceOf(contact.parameters) ?? gruuInstance(contact.uri);
  return instance === 'unknown' ? undefined : instance;
}

function wroteFirstVia({ contact }: LocatedBinding, request: SipRequest): boolean {
  const vias = request.headers.all(viaHeader);
  const first = vias.kind === 'value' ? vias.value.at(-1) : undefined;
  if (first === undefined || contact.kind !== 'sip') return false;
  return first.host.toLowerCase() === contact.host.toLowerCase() && (first.port ?? 5060) === (contact.port ?? 5060);
}
