import { canonicalAddress, Malformed, parseUri, textToOctets, type Uri } from '@opencpm/sip';

/** Undefined when the text is an address a user can have: a sip, sips or tel URI that names somebody. */
export function addressProblem(text: string): string | undefined {
  const uri = readUri(text);
  if (uri === undefined || uri.kind === 'other') return 'is no sip or tel URI (write for example sip:alice@example.net or tel:+15550001)';
  if (uri.kind === 'sip' && uri.user === undefined) return `names no user (write for example sip:alice@${uri.host})`;
  // RFC 3966 §5.1.5: a number is global, or says where it is known.
  const known = uri.kind !== 'tel' || uri.number.startsWith('+') || uri.parameters.has('phone-context');
  if (!known || canonicalAddress(uri) === undefined)
    return 'is no number that is known everywhere (write it with + and the country, tel:+15550001)';
  return undefined;
}

/** Undefined when requests can be sent there. */
export function routeProblem(text: string): string | undefined {
  const uri = readUri(text);
  if (uri?.kind !== 'sip') return 'is no sip URI (write for example "sip:10.0.0.5;transport=tcp")';
  const transport = uri.parameters.get('transport');
  const spoken = transport === undefined || (typeof transport === 'string' && /^(?:udp|tcp)$/i.test(transport));
  return uri.secure || !spoken
    ? 'asks for a transport that this server does not speak (write a sip URI with ;transport=udp or tcp)'
    : undefined;
}

/** What two writings of one address have in common; undefined when the text is no address. */
export function addressKey(text: string): string | undefined {
  const uri = readUri(text);
  return uri === undefined ? undefined : canonicalAddress(uri);
}

/** The domain of a sip URI in lower case; undefined for a tel URI. */
export function addressDomain(text: string): string | undefined {
  const uri = readUri(text);
  return uri?.kind === 'sip' ? uri.host.toLowerCase() : undefined;
}

function readUri(text: string): Uri | undefined {
  const uri = parseUri(textToOctets(text));
  return uri instanceof Malformed ? undefined : uri;
}
