import { trimBlanks, withoutControls } from './octets.ts';
import type { PayloadProblem } from './problem.ts';
import { payloadProblem } from './problem.ts';
import { readOnce } from './read-once.ts';

/** A media type (RFC 2045 §5.1). Type, subtype and the names of parameters are in lower case. */
export interface ContentType {
  readonly kind: 'content-type';
  readonly type: string;
  readonly subtype: string;
  /** Values without their quotes; of two parameters with one name the first counts. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** A disposition (RFC 2183), such as `notification` or `recipient-list`, in lower case. */
export interface ContentDisposition {
  readonly disposition: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const token = /^[!#-'*+\-.0-9A-Z^-~]+$/;

export const parseContentType: (text: string) => ContentType | PayloadProblem = readOnce((text) => {
  const semicolon = text.indexOf(';');
  const [type = '', subtype = '', ...more] = (semicolon === -1 ? text : text.slice(0, semicolon)).split('/', 3).map(trimBlanks);
  if (!token.test(type) || !token.test(subtype) || more.length > 0) {
    return payloadProblem('malformed', 0, 'A media type needs a type and a subtype.');
  }
  return contentType(`${type}/${subtype}`, semicolon === -1 ? new Map() : readParameters(text, semicolon));
});

/** Builds a value for code that knows its media type; a wrong one is a fault of the program and throws. */
export function contentType(mediaType: string, parameters: ReadonlyMap<string, string> = new Map()): ContentType {
  const [type = '', subtype = '', ...more] = mediaType.toLowerCase().split('/');
  if (!token.test(type) || !token.test(subtype) || more.length > 0) throw new TypeError('not a media type');
  return { kind: 'content-type', type, subtype, parameters };
}

/** `type/subtype` in lower case, without parameters. */
export function mediaType(value: ContentType): string {
  return `${value.type}/${value.subtype}`;
}

export function formatContentType(value: ContentType): string {
  return mediaType(value) + formatParameters(value.parameters);
}

/** Undefined when there is no disposition before the first semicolon. */
export const parseContentDisposition: (text: string) => ContentDisposition | undefined = readOnce((text) => {
  const semicolon = text.indexOf(';');
  const disposition = trimBlanks(semicolon === -1 ? text : text.slice(0, semicolon)).toLowerCase();
  if (!token.test(disposition)) return undefined;
  return { disposition, parameters: semicolon === -1 ? new Map() : readParameters(text, semicolon) };
});

/** Each parameter behind its semicolon; a value that is no token is quoted. */
export function formatParameters(parameters: ReadonlyMap<string, string>): string {
  let text = '';
  for (const [name, value] of parameters) text += `;${name}=${token.test(value) ? value : quote(value)}`;
  return text;
}

function quote(value: string): string {
  return `"${withoutControls(value).replace(/["\\]/g, '\\$&')}"`;
}

/**
 * Reads `;name=value` pairs from `start` to the end. A value without quotes runs to the next semicolon, because
 * producers in the field leave the quotes away around characters that need them. A parameter without `=` has the value ''.
 */
function readParameters(text: string, start: number): Map<string, string> {
  const parameters = new Map<string, string>();
  let at = start;
  while (at < text.length) {
    const parameter = readParameter(text, at + 1);
    if (parameter.name !== '' && !parameters.has(parameter.name)) parameters.set(parameter.name, parameter.value);
    at = parameter.end;
  }
  return parameters;
}

/** `end` is the place of the next semicolon, or the length of the text. */
function readParameter(text: string, start: number): { readonly name: string; readonly value: string; readonly end: number } {
  const end = indexOrEnd(text, ';', start);
  const equals = indexOrEnd(text, '=', start);
  if (equals >= end) return { name: trimBlanks(text.slice(start, end)).toLowerCase(), value: '', end };
  const name = trimBlanks(text.slice(start, equals)).toLowerCase();
  let at = equals + 1;
  while (text[at] === ' ' || text[at] === '\t') at += 1;
  if (text[at] !== '"') return { name, value: trimBlanks(text.slice(at, end)), end };
  const quoted = readQuoted(text, at + 1);
  return { name, value: quoted.value, end: indexOrEnd(text, ';', quoted.end) };
}

function readQuoted(text: string, start: number): { readonly value: string; readonly end: number } {
  let value = '';
  let at = start;
  while (at < text.length && text[at] !== '"') {
    if (text[at] === '\\') at += 1;
    value += text[at] ?? '';
    at += 1;
  }
  return { value, end: at + 1 };
}

function indexOrEnd(text: string, character: string, start: number): number {
  const index = text.indexOf(character, start);
  return index === -1 ? text.length : index;
}
