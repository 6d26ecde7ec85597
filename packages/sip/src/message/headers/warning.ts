import { defineHeader, type HeaderField } from '../header-field.ts';
import { Malformed } from '../malformed.ts';
import { octetsToText, textToOctets } from '../octets.ts';
import { quote } from '../quoting.ts';
import { Reader } from '../reader.ts';

export interface Warning {
  /** Three digits. */
  readonly code: number;
  /** A host with or without port, or a pseudonym. */
  readonly agent: string;
  /** Unicode, without quotes. */
  readonly text: string;
}

/** Warning (RFC 3261 §20.43). */
export const warningHeader: HeaderField<Warning> = defineHeader({ name: 'Warning', list: true, decode, encode });

function decode(value: string): Warning | Malformed {
  const reader = new Reader(value);
  const code = reader.number(999);
  if (code === undefined || reader.position !== 3 || !reader.skip()) return new Malformed('no warn-code');
  const start = reader.position;
  while (!reader.ended && !' \t\r\n'.includes(value.charAt(reader.position))) reader.position += 1;
  const agent = value.slice(start, reader.position);
  reader.skip();
  const text = reader.quotedString();
  if (agent === '' || text === undefined || !reader.ended) return new Malformed('no warn-agent or warn-text');
  return { code, agent, text: octetsToText(text) };
}

function encode(warning: Warning): string {
  return `${String(warning.code).padStart(3, '0')} ${warning.agent} ${quote(textToOctets(warning.text))}`;
}
