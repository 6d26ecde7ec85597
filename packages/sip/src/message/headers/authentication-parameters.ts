import { Malformed } from '../malformed.ts';
import { Parameters } from '../parameters.ts';
import { Reader } from '../reader.ts';

/** Reads `name=value, name="value"` (RFC 3261 §25.1 auth-param) up to the end; empty list elements are passed over. */
export function readAuthenticationParameters(reader: Reader): Parameters | Malformed {
  const entries: { name: string; text: string }[] = [];
  for (;;) {
    while (reader.separator(',')) reader.skip();
    reader.skip();
    if (reader.ended) return Parameters.ofWritten(entries);
    const name = reader.token();
    const text = name !== undefined && reader.separator('=') ? reader.parameterText() : undefined;
    if (name === undefined || text === undefined) return new Malformed('a malformed authentication parameter');
    entries.push({ name, text });
    reader.skip();
    if (!reader.ended && reader.text[reader.position] !== ',') return new Malformed('no comma behind an authentication parameter');
  }
}

/** The value of a parameter that has one, unquoted. */
export function parameterValueOf(parameters: Parameters, name: string): string | undefined {
  const value = parameters.get(name);
  return value === true ? undefined : value;
}

/** `name=value, name="value"`, as written. */
export function formatAuthenticationParameters(parameters: Parameters): string {
  return parameters.entries.map(({ name, text }) => `${name}=${text === true ? '""' : text}`).join(', ');
}

/** Sets those that have a value; an undefined one is left out. Quoted ones are quoted whatever they hold. */
export function withValues(
  parameters: Parameters,
  values: readonly (readonly [name: string, value: string | undefined, quoted: boolean])[],
): Parameters {
  return values.reduce((result, [name, value, quoted]) => {
    if (value === undefined) return result;
    return quoted ? result.withQuoted(name, value) : result.with(name, value);
  }, parameters);
}

/** Authentication of a scheme other than Digest: carried along, not looked into. */
export interface OtherAuthentication {
  readonly kind: 'other';
  /** As written. */
  readonly scheme: string;
  /** What follows the scheme, as written. */
  readonly text: string;
}

/** The scheme and what follows it. */
export function readScheme(text: string): { readonly scheme: string; readonly reader: Reader } | Malformed {
  const reader = new Reader(text);
  const scheme = reader.token();
  if (scheme === undefined || (!reader.skip() && !reader.ended)) return new Malformed('no authentication scheme');
  return { scheme, reader };
}
