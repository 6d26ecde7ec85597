import { type Binding, servicesOfFeatures } from '@opencpm/cpm';
import { type Contact, contactHeader, type Flow, formatUri, Malformed, type Parameters } from '@opencpm/sip';
import type { StoredBinding } from '@opencpm/storage';

/** A binding with what only the embedded core knows of it. */
export interface LocatedBinding extends Binding {
  readonly stored: StoredBinding;
  /** The flow it registered on, in this process; undefined after a restart. */
  readonly flow?: Flow;
}

/** Names a client across registrations: its instance and reg-id (RFC 5626 §4.1), else the contact itself. */
export function clientKey(contact: Contact): string {
  const instance = instanceOf(contact.parameters);
  if (instance === undefined) return formatUri(contact.uri);
  const regId = contact.parameters.get('reg-id');
  return typeof regId === 'string' ? `${instance} ${regId}` : instance;
}

export function instanceOf(features: Parameters): string | undefined {
  const instance = features.get('+sip.instance');
  return typeof instance === 'string' ? instance : undefined;
}

/** Undefined when the row's Contact does not parse, which only a foreign hand in the database can bring about. */
export function bindingFromStored(stored: StoredBinding): LocatedBinding | undefined {
  const contact = contactHeader.decode(stored.contact);
  return contact instanceof Malformed || contact === '*' ? undefined : bindingOf(contact, stored);
}

export function bindingOf(contact: Contact, stored: StoredBinding): LocatedBinding {
  const instance = instanceOf(contact.parameters);
  return {
    owner: stored.owner,
    client: stored.client,
    contact: contact.uri,
    ...(instance === undefined ? {} : { instance }),
    path: stored.path === '' ? [] : [stored.path],
    features: contact.parameters,
    services: new Set(servicesOfFeatures(contact.parameters)),
    q: contact.q ?? 1,
    expiresAt: stored.expiresAt,
    registeredAt: stored.registeredAt,
    transport: stored.transport,
    unreachable: false,
    stored,
  };
}
