import { defineHeader, type HeaderField } from '../header-field.ts';
import { Malformed } from '../malformed.ts';
import { Parameters } from '../parameters.ts';
import { Reader } from '../reader.ts';
import { formatAuthenticationParameters, readAuthenticationParameters, withValues } from './authentication-parameters.ts';
import { optional } from './digest-credentials.ts';

/** What a server says with its answer to good credentials (RFC 7616 §3.5). Octet strings without quotes. */
export interface AuthenticationInfo {
  readonly nextnonce?: string;
  readonly qop?: string;
  readonly rspauth?: string;
  readonly cnonce?: string;
  readonly nc?: string;
  /** The parameters other than those above, as written. */
  readonly parameters: Parameters;
}

/** Authentication-Info (RFC 3261 §20.6). */
export const authenticationInfoHeader: HeaderField<AuthenticationInfo> = defineHeader({ name: 'Authentication-Info', decode, encode });

function decode(text: string): AuthenticationInfo | Malformed {
  const parameters = readAuthenticationParameters(new Reader(text));
  if (parameters instanceof Malformed) return parameters;
  return {
    ...optional(parameters, 'nextnonce'),
    ...optional(parameters, 'qop'),
    ...optional(parameters, 'rspauth'),
    ...optional(parameters, 'cnonce'),
    ...optional(parameters, 'nc'),
    parameters: parameters.without('nextnonce', 'qop', 'rspauth', 'cnonce', 'nc'),
  };
}

function encode(value: AuthenticationInfo): string {
  const known = withValues(Parameters.empty, [
    ['nextnonce', value.nextnonce, true],
    ['qop', value.qop, false],
    ['rspauth', value.rspauth, true],
    ['cnonce', value.cnonce, true],
    ['nc', value.nc, false],
  ]);
  return formatAuthenticationParameters(Parameters.ofWritten([...known.entries, ...value.parameters.entries]));
}
