import { contactHeader, dateHeader, Headers, Malformed, responseTo, type SipResponse, toHeader } from '@opencpm/sip';
import type { CoreContext } from './core-context.ts';
import { addressOfGruu, publicGruuText } from './gruu.ts';
import type { ReceivedRegister } from './registration.ts';
import { supports } from './registration-path.ts';
import type { LocatedBinding } from './stored-binding.ts';

/** Extensions of a registrar that this one has (RFC 3327, RFC 5627). */
export const registrarExtensions: readonly string[] = ['path', 'gruu'];

/** Step 8 of RFC 3261 §10.3: every current binding with what is left of its time. */
export function acceptedRegistration(
  { request, user }: ReceivedRegister,
  path: readonly string[],
  now: number,
  context: CoreContext,
): SipResponse {
  const to = request.headers.value(toHeader);
  const gruuAddress = supports(request, 'gruu') && to !== undefined ? addressOfGruu(to.uri, user, context.directory) : '';
  let headers = Headers.of();
  for (const binding of context.location.of(user.owner)) {
    const seconds = Math.round((binding.expiresAt - now) / 1000);
    if (seconds > 0) headers = headers.append('Contact', contactText(binding, seconds, gruuAddress));
  }
  // RFC 3327 §5.3: the path that was kept is shown to a client that knows of paths.
  for (const value of path) headers = headers.append('Path', value);
  headers = headers
    .append(dateHeader, now)
    .append('P-Associated-URI', user.identities.map(({ uri }) => `<${uri}>`).join(', '))
    .append('Supported', registrarExtensions.join(', '));
  return responseTo(request, 200, { headers });
}

/** With expires, q, and for a client that knows of GRUUs the public one of every instance (RFC 5627 §5.3). */
function contactText(binding: LocatedBinding, seconds: number, gruuAddress: string): string {
  const contact = contactHeader.decode(binding.stored.contact);
  // The text was written by contactHeader.encode when the binding was made.
  if (contact === '*' || contact instanceof Malformed) throw new TypeError('a stored Contact does not parse');
  const gruu = gruuAddress === '' || binding.instance === undefined ? undefined : publicGruuText(gruuAddress, binding.instance);
  const parameters = gruu === undefined ? contact.parameters : contact.parameters.withQuoted('pub-gruu', gruu);
  return contactHeader.encode({ ...contact, parameters, expiresSeconds: seconds });
}
