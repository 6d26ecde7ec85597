import { Malformed } from '../malformed.ts';
import { Parameters } from '../parameters.ts';
import {
  formatAuthenticationParameters,
  type OtherAuthentication,
  parameterValueOf,
  readAuthenticationParameters,
  readScheme,
  withValues,
} from './authentication-parameters.ts';

/** Digest credentials (RFC 7616 §3.4, RFC 8760). Texts are octet strings without quotes. */
export interface DigestCredentials {
  readonly kind: 'digest';
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  /** As the client wrote it: it goes into the digest, and may differ from the Request-URI. */
  readonly uri: string;
  /** Hexadecimal. Empty in the first REGISTER of an IMS client (3GPP TS 24.229 §5.1.1.2.2). */
  readonly response: string;
  readonly algorithm?: string;
  readonly cnonce?: string;
  readonly opaque?: string;
  readonly qop?: string;
  /** Eight hexadecimal digits as written. */
  readonly nc?: string;
  /** True when `username` is a hash of it. */
  readonly userhash?: boolean;
  /** The parameters other than those above, as written. */
  readonly parameters: Parameters;
}

/** What Authorization and Proxy-Authorization hold. */
export type Credentials = DigestCredentials | OtherAuthentication;

export function decodeCredentials(text: string): Credentials | Malformed {
  const start = readScheme(text);
  if (start instanceof Malformed) return start;
  if (start.scheme.toLowerCase() !== 'digest') return { kind: 'other', scheme: start.scheme, text: start.reader.rest };
  const parameters = readAuthenticationParameters(start.reader);
  return parameters instanceof Malformed ? parameters : digestCredentialsOf(parameters);
}

export function encodeCredentials(credentials: Credentials): string {
  if (credentials.kind === 'other') return `${credentials.scheme} ${credentials.text}`;
  const known = withValues(Parameters.empty, [
    ['username', credentials.username, true],
    ['realm', credentials.realm, true],
    ['nonce', credentials.nonce, true],
    ['uri', credentials.uri, true],
    ['response', credentials.response, true],
    ['algorithm', credentials.algorithm, false],
    ['cnonce', credentials.cnonce, true],
    ['opaque', credentials.opaque, true],
    ['qop', credentials.qop, false],
    ['nc', credentials.nc, false],
    ['userhash', credentials.userhash === undefined ? undefined : String(credentials.userhash), false],
  ]);
  const all = Parameters.ofWritten([...known.entries, ...credentials.parameters.entries]);
  return `Digest ${formatAuthenticationParameters(all)}`;
}

const knownNames = ['username', 'realm', 'nonce', 'uri', 'response', 'algorithm', 'cnonce', 'opaque', 'qop', 'nc', 'userhash'];

function digestCredentialsOf(parameters: Parameters): DigestCredentials | Malformed {
  const [username, realm, nonce, uri, response] = ['username', 'realm', 'nonce', 'uri', 'response'].map((name) =>
    parameterValueOf(parameters, name),
  );
  if (username === undefined || realm === undefined || nonce === undefined || uri === undefined || response === undefined) {
    return new Malformed('Digest credentials without username, realm, nonce, uri or response');
  }
  const userhash = parameterValueOf(parameters, 'userhash');
  return {
    kind: 'digest',
    username,
    realm,
    nonce,
    uri,
    response,
    ...optional(parameters, 'algorithm'),
    ...optional(parameters, 'cnonce'),
    ...optional(parameters, 'opaque'),
    ...optional(parameters, 'qop'),
    ...optional(parameters, 'nc'),
    ...(userhash === undefined ? {} : { userhash: userhash.toLowerCase() === 'true' }),
    parameters: parameters.without(...knownNames),
  };
}

/** A record with that one field, or without any when the parameter is absent. */
export function optional<Name extends string>(parameters: Parameters, name: Name): { readonly [key in Name]?: string } {
  const value = parameterValueOf(parameters, name);
  // An object literal with a computed name loses the name in its type.
  return (value === undefined ? {} : { [name]: value }) as { readonly [key in Name]?: string };
}
