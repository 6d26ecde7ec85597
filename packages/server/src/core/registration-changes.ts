import {
  type Contact,
  callIdHeader,
  contactHeader,
  cseqHeader,
  expiresHeader,
  Headers,
  type SipRequest,
  sameUri,
  toHeader,
} from '@opencpm/sip';
import type { CoreContext } from './core-context.ts';
import { addressOfGruu, sameInstance } from './gruu.ts';
import type { ReceivedRegister, Refusal, RegistrarParts } from './registration.ts';
import { type RegistrationPath, supports } from './registration-path.ts';
import type { Routing } from './routing.ts';
import { bindingOf, clientKey, instanceOf, keptContact, type LocatedBinding } from './stored-binding.ts';

export interface Registration extends ReceivedRegister {
  readonly path: RegistrationPath;
  readonly current: readonly LocatedBinding[];
  readonly now: number;
}

export type Plan =
  | { readonly kind: 'changes'; readonly save: readonly LocatedBinding[]; readonly remove: readonly LocatedBinding[] }
  | ({ readonly kind: 'refused' } & Refusal);

/** RFC 3261 §10.2.1.1, §20.19: what a malformed Expires counts as. */
const secondsForMalformedExpires = 3600;
/** A Contact with more feature tags than any client has. */
const maxContactOctets = 2048;

/** Steps 6 and 7 of RFC 3261 §10.3: all changes that a REGISTER asks for, or none of them. */
export function planChanges(registration: Registration, parts: RegistrarParts): Plan {
  const { request } = registration;
  const contacts = request.headers.all(contactHeader);
  if (contacts.kind === 'malformed') return { kind: 'refused', status: 400, text: `Malformed Contact: ${contacts.reason}` };
  // Without Contact it is a question only.
  if (contacts.kind === 'absent') return { kind: 'changes', save: [], remove: [] };
  if (contacts.value.includes('*')) return removeAll(registration, contacts.value.length);
  return changeEach(
    contacts.value.filter((contact) => contact !== '*'),
    registration,
    parts,
  );
}

/** Step 6: the star stands alone and with Expires: 0. */
function removeAll({ request, current }: Registration, contacts: number): Plan {
  if (contacts > 1 || expiresOf(request) !== 0) {
    return { kind: 'refused', status: 400, text: 'Contact * stands alone and with Expires: 0' };
  }
  if (current.some((binding) => outOfOrder(request, binding))) return overtaken;
  return { kind: 'changes', save: [], remove: current };
}

/** Step 7. By client: when a contact stands there twice, its last one counts. */
function changeEach(contacts: readonly Contact[], registration: Registration, parts: RegistrarParts): Plan {
  const { request, current } = registration;
  const { limits } = parts.context.configuration;
  const save = new Map<string, LocatedBinding>();
  const remove = new Map<string, LocatedBinding>();
  for (const contact of contacts) {
    const existing = current.find((binding) => isOfClient(binding, contact));
    if (existing !== undefined && outOfOrder(request, existing)) return overtaken;
    const seconds = expiresSeconds(contact, request, parts.context);
    const refusal = seconds === 0 ? undefined : refusalOf(contact, parts.routing);
    if (refusal !== undefined) return { kind: 'refused', ...refusal };
    if (seconds > 0 && seconds < limits.registrationMinSeconds) return tooBrief(limits.registrationMinSeconds);
    const client = existing?.client ?? clientKey(contact);
    save.delete(client);
    remove.delete(client);
    if (seconds > 0) save.set(client, newBinding(contact, client, seconds, { registration, parts }));
    else if (existing !== undefined) remove.set(client, existing);
  }
  const kept = current.filter(({ client }) => !save.has(client) && !remove.has(client));
  if (kept.length + save.size > limits.bindingsPerUser) return { kind: 'refused', status: 403, text: 'Too many clients are registered' };
  return { kind: 'changes', save: [...save.values()], remove: [...remove.values()] };
}

/** Within one Call-ID a binding changes only with a higher CSeq; else the whole request fails (step 7). */
function outOfOrder(request: SipRequest, existing: LocatedBinding): boolean {
  const sequence = request.headers.value(cseqHeader)?.sequence ?? 0;
  return existing.stored.callId === request.headers.value(callIdHeader) && sequence <= existing.stored.sequence;
}

const overtaken: Plan = { kind: 'refused', status: 500, text: 'A later REGISTER has come before this one' };

/** By instance and reg-id (RFC 5626 §6); where one of the two has no instance, by URI (RFC 3261 §10.3). */
function isOfClient(binding: LocatedBinding, contact: Contact): boolean {
  const instance = instanceOf(contact.parameters);
  if (instance === undefined || binding.instance === undefined) return sameUri(binding.contact, contact.uri);
  return sameInstance(binding.instance, instance) && binding.features.get('reg-id') === contact.parameters.get('reg-id');
}

/** Contact parameter, else header, else our default (step 7); a malformed header counts as one hour. */
function expiresSeconds(contact: Contact, request: SipRequest, { configuration: { limits } }: CoreContext): number {
  return Math.min(contact.expiresSeconds ?? expiresOf(request) ?? limits.registrationDefaultSeconds, limits.registrationMaxSeconds);
}

function expiresOf(request: SipRequest): number | undefined {
  const expires = request.headers.get(expiresHeader);
  return expires.kind === 'malformed' ? secondsForMalformedExpires : expires.value;
}

function tooBrief(seconds: number): Plan {
  return { kind: 'refused', status: 423, headers: Headers.of(['Min-Expires', String(seconds)]) };
}

/** Contacts that no request could be sent to. Taking one away again is always possible. */
function refusalOf(contact: Contact, routing: Routing): Refusal | undefined {
  const { uri } = contact;
  if (contactHeader.encode(contact).length > maxContactOctets) return { status: 400, text: 'Contact is too long' };
  // RFC 3261 §10.2.1 allows any URI; a client that is not reached by SIP is none of ours.
  if (uri.kind !== 'sip') return { status: 403, text: 'Contact must be a SIP URI' };
  // RFC 5630 §3.1: every hop to a sips URI is TLS, which this server does not speak.
  if (uri.secure) return { status: 403, text: 'Contact must not be a sips URI' };
  // RFC 5627 §5.1: what leads to this address of record would go round in a circle.
  return routing.leadsHere(uri) ? { status: 403, text: 'Contact leads back to this server' } : undefined;
}

interface Registering {
  readonly registration: Registration;
  readonly parts: RegistrarParts;
}

function newBinding(contact: Contact, client: string, seconds: number, { registration, parts }: Registering): LocatedBinding {
  const { request, flow, user, now, path } = registration;
  const { cluster } = parts.context.configuration;
  const to = request.headers.value(toHeader);
  const kept = keptContact(contact);
  const stored = {
    owner: user.owner,
    client,
    contact: contactHeader.encode(kept),
    path: path.values,
    byPath: path.isFollowed,
    gruuAddress: supports(request, 'gruu') && to !== undefined ? addressOfGruu(to.uri, user, parts.context.directory) : '',
    registeredAt: now,
    expiresAt: now + seconds * 1000,
    callId: request.headers.value(callIdHeader) ?? '',
    sequence: request.headers.value(cseqHeader)?.sequence ?? 0,
    transport: flow.transport,
    local: flow.local,
    remote: flow.remote,
    ...(cluster === undefined ? {} : { node: cluster.node }),
  };
  return bindingOf(kept, stored, { unreachable: false, flow });
}
