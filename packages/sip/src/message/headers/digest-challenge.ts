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
import { optional } from './digest-credentials.ts';

/** A Digest challenge (RFC 7616 §3.3, RFC 8760). Texts are octet strings without quotes. */
export interface DigestChallenge {
  readonly kind: 'digest';
  readonly realm: string;
  readonly nonce: string;
  readonly domain?: string;
  readonly opaque?: string;
  readonly stale?: boolean;
  /** As written; absent means MD5. */
  readonly algorithm?: string;
  /** In the order offered; absent for a server of RFC 2069. */
  readonly qop?: readonly string[];
  readonly userhash?: boolean;
  /** The parameters other than those above, as written. */
  readonly parameters: Parameters;
}

/** What WWW-Authenticate and Proxy-Authenticate hold. */
export type Challenge = DigestChallenge | OtherAuthentication;

export function decodeChallenge(text: string): Challenge | Malformed {
  const start = readScheme(text);
  if (start instanceof Malformed) return start;
  if (start.scheme.toLowerCase() !== 'digest') return { kind: 'other', scheme: start.scheme, text: start.reader.rest };
  const parameters = readAuthenticationParameters(start.reader);
  return parameters instanceof Malformed ? parameters : digestChallengeOf(parameters);
}

export function encodeChallenge(challenge: Challenge): string {
  if (challenge.kind === 'other') return `${challenge.scheme} ${challenge.text}`;
  const known = withValues(Parameters.empty, [
    ['realm', challenge.realm, true],
    ['nonce', challenge.nonce, true],
    ['domain', challenge.domain, true],
    ['opaque', challenge.opaque, true],
    ['stale', booleanText(challenge.stale), false],
    ['algorithm', challenge.algorithm, false],
    ['qop', challenge.qop?.join(','), true],
    ['userhash', booleanText(challenge.userhash), false],
  ]);
  const all = Parameters.ofWritten([...known.entries, ...challenge.parameters.entries]);
  return `Digest ${formatAuthenticationParameters(all)}`;
}

const knownNames = ['realm', 'nonce', 'domain', 'opaque', 'stale', 'algorithm', 'qop', 'userhash'];

function digestChallengeOf(parameters: Parameters): DigestChallenge | Malformed {
  const realm = parameterValueOf(parameters, 'realm');
  const nonce = parameterValueOf(parameters, 'nonce');
  if (realm === undefined || nonce === undefined) return new Malformed('a Digest challenge without realm or nonce');
  const stale = truth(parameters, 'stale');
  const userhash = truth(parameters, 'userhash');
  const qop = parameterValueOf(parameters, 'qop');
  return {
    kind: 'digest',
    realm,
    nonce,
    ...optional(parameters, 'domain'),
    ...optional(parameters, 'opaque'),
    ...(stale === undefined ? {} : { stale }),
    ...optional(parameters, 'algorithm'),
    ...(qop === undefined ? {} : { qop: tokensOf(qop) }),
    ...(userhash === undefined ? {} : { userhash }),
    parameters: parameters.without(...knownNames),
  };
}

function tokensOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function truth(parameters: Parameters, name: string): boolean | undefined {
  const value = parameterValueOf(parameters, name);
  return value === undefined ? undefined : value.toLowerCase() === 'true';
}

function booleanText(value: boolean | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
