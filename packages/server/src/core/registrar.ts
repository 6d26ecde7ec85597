import {
  type Contact,
  callIdHeader,
  contactHeader,
  cseqHeader,
  expiresHeader,
  type Flow,
  Headers,
  responseTo,
  type SipRequest,
  type SipResponse,
  sameUri,
  toHeader,
} from '@opencpm/sip';
import type { StoredUser } from '@opencpm/storage';
import type { CoreContext } from './core-context.ts';
import type { LocatedBinding } from './stored-binding.ts';
import { bindingOf, clientKey, instanceOf } from './stored-binding.ts';

/** What a REGISTER did: the answer, and the bindings that are new or refreshed. */
export interface Registered {
  readonly response: SipResponse;
  readonly registered: readonly LocatedBinding[];
}

/**
 * REGISTER of an authenticated user (RFC 3261 §10.3). All changes of one request take effect together and are
 * durable before the 200.
 */
export async function register(request: SipRequest, user: StoredUser, flow: Flow, context: CoreContext): Promise<Registered> {
  const aor = request.headers.value(toHeader);
  const owner = aor === undefined ? undefined : context.directory.byUri(aor.uri);
  // Step 5: the address of record must be in this domain; steps 3 and 4: this user must be allowed to change it.
  if (owner === undefined) return refused(request, 404);
  if (owner.owner !== user.owner) return refused(request, 403);
  return context.location.inTurn(owner.owner, () => changeBindings(request, owner, flow, context));
}

async function changeBindings(request: SipRequest, owner: StoredUser, flow: Flow, context: CoreContext): Promise<Registered> {
  const now = context.clock.now();
  const current = context.location.of(owner.owner).filter((binding) => binding.expiresAt > now);
  const plan = planChanges({ request, flow, owner, current, now }, context);
  if (plan.kind === 'refused') return refused(request, plan.status, plan.headers);
  if (plan.save.length > 0 || plan.remove.length > 0) {
    const fault = await context.location.change(owner.owner, plan);
    if (fault !== undefined) {
      context.log.error({ where: 'store a registration', reason: fault.reason }, 'The database did not take a registration.');
      return refused(request, 503, Headers.of(['Retry-After', '30']));
    }
  }
  return { response: accepted(request, owner, now, context), registered: plan.save };
}

interface Registration {
  readonly request: SipRequest;
  readonly flow: Flow;
  readonly owner: StoredUser;
  readonly current: readonly LocatedBinding[];
  readonly now: number;
}

type Plan =
  | { readonly kind: 'changes'; readonly save: readonly LocatedBinding[]; readonly remove: readonly LocatedBinding[] }
  | { readonly kind: 'refused'; readonly status: number; readonly headers?: Headers };

/** Steps 6 and 7. */
function planChanges(registration: Registration, context: CoreContext): Plan {
  const { request, current } = registration;
  const contacts = request.headers.all(contactHeader);
  if (contacts.kind === 'malformed') return { kind: 'refused', status: 400 };
  if (contacts.kind === 'absent') return { kind: 'changes', save: [], remove: [] };
  if (contacts.value.includes('*')) return removeAll(registration, contacts.value.length);
  // By client: when a contact stands there twice, its last one counts.
  const save = new Map<string, LocatedBinding>();
  const remove = new Map<string, LocatedBinding>();
  for (const contact of contacts.value) {
    if (contact === '*') continue;
    const existing = existingBinding(contact, current);
    if (existing !== undefined && outOfOrder(request, existing)) return { kind: 'refused', status: 500 };
    const seconds = expiresSeconds(contact, request, context);
    if (seconds > 0 && seconds < context.configuration.limits.registrationMinSeconds) return tooBrief(context);
    const client = existing?.client ?? clientKey(contact);
    save.delete(client);
    remove.delete(client);
    if (seconds > 0) save.set(client, newBinding(contact, client, seconds, registration));
    else if (existing !== undefined) remove.set(client, existing);
  }
  const kept = current.filter(({ client }) => !save.has(client) && !remove.has(client));
  if (kept.length + save.size > context.configuration.limits.bindingsPerUser) return { kind: 'refused', status: 403 };
  return { kind: 'changes', save: [...save.values()], remove: [...remove.values()] };
}

/** Step 6: the star stands alone and with Expires: 0. */
function removeAll({ request, current }: Registration, contacts: number): Plan {
  if (contacts > 1 || request.headers.value(expiresHeader) !== 0) return { kind: 'refused', status: 400 };
  if (current.some((binding) => outOfOrder(request, binding))) return { kind: 'refused', status: 500 };
  return { kind: 'changes', save: [], remove: current };
}

/** By instance (RFC 5626 §6); where one of the two has none, by URI (RFC 3261 §10.3). */
function existingBinding(contact: Contact, current: readonly LocatedBinding[]): LocatedBinding | undefined {
  const key = clientKey(contact);
  const instance = instanceOf(contact.parameters);
  return (
    current.find((binding) => binding.client === key) ??
    current.find((binding) => (binding.instance === undefined || instance === undefined) && sameUri(binding.contact, contact.uri))
  );
}

/** Step 7: within one Call-ID a binding changes only with a higher CSeq. */
function outOfOrder(request: SipRequest, existing: LocatedBinding): boolean {
  const sequence = request.headers.value(cseqHeader)?.sequence ?? 0;
  return existing.stored.callId === request.headers.value(callIdHeader) && sequence <= existing.stored.sequence;
}

function expiresSeconds(contact: Contact, request: SipRequest, { configuration: { limits } }: CoreContext): number {
  const asked = contact.expiresSeconds ?? request.headers.value(expiresHeader) ?? limits.registrationDefaultSeconds;
  return Math.min(asked, limits.registrationMaxSeconds);
}

function tooBrief(context: CoreContext): Plan {
  const minimum = String(context.configuration.limits.registrationMinSeconds);
  return { kind: 'refused', status: 423, headers: Headers.of(['Min-Expires', minimum]) };
}

function newBinding(contact: Contact, client: string, seconds: number, registration: Registration): LocatedBinding {
  const { request, flow, owner, now } = registration;
  const stored = {
    owner: owner.owner,
    client,
    contact: contactHeader.encode(contact),
    path: request.headers.texts('Path').join(', '),
    registeredAt: now,
    expiresAt: now + seconds * 1000,
    callId: request.headers.value(callIdHeader) ?? '',
    sequence: request.headers.value(cseqHeader)?.sequence ?? 0,
    transport: flow.transport,
    local: flow.local,
    remote: flow.remote,
  };
  return { ...bindingOf(contact, stored), flow };
}

/** Step 8: every current binding with what is left of its time. */
function accepted(request: SipRequest, owner: StoredUser, now: number, context: CoreContext): SipResponse {
  let headers = Headers.of();
  for (const binding of context.location.of(owner.owner)) {
    const seconds = Math.max(0, Math.round((binding.expiresAt - now) / 1000));
    if (seconds > 0) headers = headers.append('Contact', contactText(binding, seconds));
  }
  // RFC 3327 §5.3: the path that was kept is shown to a client that knows of paths.
  for (const path of request.headers.texts('Path')) headers = headers.append('Path', path);
  headers = headers.append('P-Associated-URI', owner.identities.map(({ uri }) => `<${uri}>`).join(', '));
  return responseTo(request, 200, { headers });
}

function contactText(binding: LocatedBinding, seconds: number): string {
  const contact = contactHeader.decode(binding.stored.contact);
  // The text was written by contactHeader.encode when the binding was made.
  if (contact === '*' || !('uri' in contact)) throw new TypeError('a stored Contact does not parse');
  return contactHeader.encode({ ...contact, expiresSeconds: seconds });
}

function refused(request: SipRequest, status: number, headers?: Headers): Registered {
  return { response: responseTo(request, status, headers === undefined ? {} : { headers }), registered: [] };
}
