import { fromHeader, Headers, responseTo, type SipRequest, toHeader, warningHeader } from '@opencpm/sip';
import type { StoredUser } from '@opencpm/storage';
import type { CoreContext } from './core-context.ts';
import type { ReceivedRegister, Refusal, Registered, RegistrarParts } from './registration.ts';
import { acceptedRegistration } from './registration-answer.ts';
import { planChanges } from './registration-changes.ts';
import { readPath, supports } from './registration-path.ts';
import type { Routing } from './routing.ts';

/**
 * REGISTER of an authenticated user (RFC 3261 §10.3). All changes of one request take effect together and are
 * durable before the 200. Step 1, the domain: To decides, as a client may know this server by any name. Step 2,
 * Require, was the core's, step 3 its authentication.
 */
export async function register(received: ReceivedRegister, parts: RegistrarParts): Promise<Registered> {
  const { request, user } = received;
  const { context, routing } = parts;
  const addressOfRecord = request.headers.value(toHeader);
  const owner = addressOfRecord === undefined ? undefined : routing.userOf(addressOfRecord.uri);
  // Step 5: the address of record must be one of this domain.
  if (owner === undefined) return refused(received, { status: 404 }, context);
  // Step 4: he may change his own bindings, and nobody else's on behalf of anybody (third-party registration, §10.2).
  if (owner.owner !== user.owner || !isOwn(request, user, routing)) return refused(received, { status: 403 }, context);
  return context.location.inTurn(owner.owner, () => changeBindings(received, parts));
}

/** From says who registers: one of the user's own addresses, whichever of them To names. */
function isOwn(request: SipRequest, user: StoredUser, routing: Routing): boolean {
  const from = request.headers.value(fromHeader);
  return from !== undefined && routing.userOf(from.uri)?.owner === user.owner;
}

async function changeBindings(received: ReceivedRegister, parts: RegistrarParts): Promise<Registered> {
  const { request, user } = received;
  const { context, trustedPeers } = parts;
  const now = context.clock.now();
  const path = readPath(received, trustedPeers);
  if (path === undefined) return refused(received, { status: 400, text: 'Malformed or too long Path' }, context);
  const current = context.location.of(user.owner).filter((binding) => binding.expiresAt > now);
  const plan = planChanges({ ...received, path, current, now }, parts);
  if (plan.kind === 'refused') return refused(received, plan, context);
  if (plan.save.length > 0 || plan.remove.length > 0) {
    const fault = await context.location.change(user.owner, plan);
    if (fault !== undefined) {
      context.log.error({ where: 'store a registration', reason: fault.reason }, 'The database did not take a registration.');
      return refused(received, { status: 503, headers: Headers.of(['Retry-After', '30']) }, context);
    }
  }
  const shown = supports(request, 'path') ? path.values : [];
  return { response: acceptedRegistration(received, shown, now, context), registered: plan.save };
}

function refused({ request }: ReceivedRegister, { status, headers, text }: Refusal, { self }: CoreContext): Registered {
  const warned = text === undefined ? headers : (headers ?? Headers.of()).append(warningHeader, { code: 399, agent: self.host, text });
  return { response: responseTo(request, status, warned === undefined ? {} : { headers: warned }), registered: [] };
}
