import { formatHostAndPort, formatUri, Malformed, parseUri, textToOctets, type Uri, userPart } from '@opencpm/sip';
import type { Identifiers } from './identifiers.ts';
import type { ClientOptions } from './options.ts';

/** Who this client is, read once from its options. */
export interface OwnIdentity {
  readonly uri: Uri;
  /** The URI as it goes on the wire. */
  readonly text: string;
  /** For the user part of Contact. */
  readonly user: string | undefined;
  /** For digest. */
  readonly username: string;
  /** Request-URI of REGISTER. */
  readonly registrar: string;
  /** +sip.instance with its angle brackets. */
  readonly instance: string;
}

export function ownIdentity(options: ClientOptions, identifiers: Identifiers): OwnIdentity {
  const uri = addressUri(options.identity);
  const domain = options.domain ?? (uri.kind === 'sip' ? uri.host : options.server.host);
  return {
    uri,
    text: formatUri(uri),
    user: uri.kind === 'sip' ? uri.user : userPart(uri),
    username: options.username ?? userPart(uri) ?? '',
    registrar: `sip:${formatHostAndPort(domain, undefined)}`,
    instance: options.instanceId ?? `<urn:uuid:${identifiers.uuid()}>`,
  };
}

/** Reads an address that our own user gave. Throws a TypeError when it is none: whoever asks people checks before. */
export function addressUri(text: string): Uri {
  const uri = parseUri(textToOctets(text));
  if (uri instanceof Malformed) throw new TypeError(`${JSON.stringify(text)} is no address: ${uri.reason}`);
  return uri;
}
