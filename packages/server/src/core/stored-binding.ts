import { type Binding, servicesOfFeatures } from '@opencpm/cpm';
import { type Contact, contactHeader, type Flow, formatUri, Malformed, Parameters, pathHeader, type SipUri } from '@opencpm/sip';
import type { StoredBinding } from '@opencpm/storage';
import { publicGruu } from './gruu.ts';

/** A binding with what only the embedded core knows of it. */
export interface LocatedBinding extends Binding {
  readonly stored: StoredBinding;
  /** The flow it registered on; undefined for a connection that is gone. */
  readonly flow?: Flow;
  /** The proxy in front of the client: requests go there and not over the flow, which is the proxy's (RFC 3327 §5.3). */
  readonly edge?: SipUri;
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

/** A Contact as it is kept: without a name, and the instance in front of the features that many clients have in common. */
export function keptContact({ uri, parameters, q }: Pick<Contact, 'uri' | 'parameters' | 'q'>): Contact {
  return { uri, parameters: withInstance(parameters.without('+sip.instance'), instanceOf(parameters)), q };
}

export function withInstance(features: Parameters, instance: string | undefined): Parameters {
  if (instance === undefined) return features;
  return Parameters.ofWritten([...Parameters.empty.withQuoted('+sip.instance', instance).entries, ...features.entries]);
}

/** The feature tags of a Contact with what is decided by them, read once for all clients that registered the same ones. */
export interface Capabilities {
  readonly services: ReadonlySet<string>;
  readonly q: number;
}

export function capabilitiesOf({ parameters, q }: Pick<Contact, 'parameters' | 'q'>): Capabilities {
  return { services: new Set(servicesOfFeatures(parameters)), q: q ?? 1 };
}

/**
 * Undefined when the row's Contact does not parse, which only a foreign hand in the database can bring about. `node` is
 * the one that this process is.
 */
export function bindingFromStored(stored: StoredBinding, node?: string): LocatedBinding | undefined {
  const contact = contactHeader.decode(stored.contact);
  if (contact instanceof Malformed || contact === '*') return undefined;
  // A connection ends with the process that had it, and nobody but its client can open it again.
  return bindingOf(contact, stored, { unreachable: isOfNode(stored, node) && stored.transport === 'TCP' && !stored.byPath });
}

/** Whether that node has the flow of the client; a server without a name is alone and has all of them. */
export function isOfNode(stored: StoredBinding, node: string | undefined): boolean {
  return node === undefined || stored.node === node;
}

export interface BindingState {
  readonly unreachable: boolean;
  readonly flow?: Flow | undefined;
  readonly capabilities?: Capabilities;
}

export function bindingOf(contact: Contact, stored: StoredBinding, state: BindingState = { unreachable: false }): LocatedBinding {
  const { unreachable, flow, capabilities = capabilitiesOf(contact) } = state;
  const instance = instanceOf(contact.parameters);
  const gruu = instance === undefined || stored.gruuAddress === '' ? undefined : publicGruu(stored.gruuAddress, instance);
  const edge = stored.byPath ? edgeOf(stored.path) : undefined;
  return {
    owner: stored.owner,
    client: stored.client,
    contact: contact.uri,
    ...(instance === undefined ? {} : { instance }),
    ...(gruu === undefined ? {} : { publicGruu: gruu }),
    path: stored.path,
    features: contact.parameters,
    ...capabilities,
    expiresAt: stored.expiresAt,
    registeredAt: stored.registeredAt,
    transport: stored.transport,
    unreachable,
    stored,
    ...(flow === undefined ? {} : { flow }),
    ...(edge === undefined ? {} : { edge }),
  };
}

/** The first hop of a Path: its topmost value, which the proxy next to us has put there. */
export function edgeOf(path: readonly string[]): SipUri | undefined {
  const first = path[0] === undefined ? undefined : pathHeader.decode(path[0]);
  return first === undefined || first instanceof Malformed || first.uri.kind !== 'sip' ? undefined : first.uri;
}

/** Which REGISTER of which client has made a binding; another one of the same client is another binding. */
export function registrationName({ owner, client, stored }: LocatedBinding): string {
  return [owner, client, stored.registeredAt, stored.sequence, stored.callId].join('\n');
}
