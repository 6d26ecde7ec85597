import { decodeCpimText, escapeControls, quoteCpimText } from './cpim-escape.ts';
import type { HeaderField } from './header-block.ts';
import { formatField } from './header-block.ts';
import { encodeText, trimBlanks } from './octets.ts';

/** The namespace of From, To, cc, DateTime, Subject, NS and Require (RFC 3862 §3.4). */
export const coreNamespace = 'urn:ietf:params:cpim-headers:';
/** RFC 5438 §6. */
export const imdnNamespace = 'urn:ietf:params:imdn';
/** Headers that CPM adds (D 5.4; decision 36). */
export const cpmNamespace = 'http://www.openmobilealliance.org/cpm/';

/**
 * One header of a CPIM message. A received one is written back from its octets; to change it, put one without
 * octets in its place (`withHeader` does).
 */
export interface CpimHeader {
  /** As it was written, '' when there is none. */
  readonly prefix: string;
  /** Without prefix; case matters (RFC 3862 §2.2). */
  readonly name: string;
  /** What the prefix stands for at this place; undefined when nobody declared it. */
  readonly namespace: string | undefined;
  readonly parameters: readonly CpimParameter[];
  /** Unfolded, escapes as they were written; `cpimText` decodes them. */
  readonly value: string;
  readonly octets?: Uint8Array;
}

export interface CpimParameter {
  readonly name: string;
  /** Decoded. */
  readonly value: string;
}

/** Prefix to namespace; the prefix '' stands for names without one. */
export type CpimScope = ReadonlyMap<string, string>;

/** The value with its escapes decoded (RFC 3862 §2.3.1). */
export function cpimText(header: CpimHeader): string {
  return decodeCpimText(header.value);
}

/** Prefixes that mean what they usually mean even when their NS line was forgotten. */
const customaryScope: CpimScope = new Map([
  ['', coreNamespace],
  ['imdn', imdnNamespace],
  ['cpm', cpmNamespace],
]);

/** Resolves the prefixes; an NS line holds for the headers behind it (RFC 3862 §3.4). */
export function toCpimHeaders(fields: readonly HeaderField[]): readonly CpimHeader[] {
  let scope = customaryScope;
  return fields.map((field) => {
    const header = toCpimHeader(field, scope);
    const [prefix, uri] = declarationIn(header) ?? [];
    // Nearly every message declares what is customary.
    if (prefix !== undefined && uri !== undefined && scope.get(prefix) !== uri) scope = new Map(scope).set(prefix, uri);
    return header;
  });
}

/** What the NS lines of these headers declare. */
export function declaredScope(headers: readonly CpimHeader[]): CpimScope {
  const scope = new Map<string, string>();
  for (const header of headers) {
    const [prefix, uri] = declarationIn(header) ?? [];
    if (prefix !== undefined && uri !== undefined) scope.set(prefix, uri);
  }
  return scope;
}

function toCpimHeader(field: HeaderField, scope: CpimScope): CpimHeader {
  const dot = field.name.indexOf('.');
  const prefix = dot === -1 ? '' : field.name.slice(0, dot);
  const name = dot === -1 ? field.name : field.name.slice(dot + 1);
  // NS stays itself under a changed default namespace, else nothing could change it back.
  const namespace = field.name === 'NS' ? coreNamespace : scope.get(prefix);
  const received = field.octets === undefined ? {} : { octets: field.octets };
  return { prefix, name, namespace, ...readParameters(field.value), ...received };
}

/** NS of RFC 3862 §4.6; the prefix is a Name, so that it may be written into headers of our own. */
const namespaceDeclaration = /^([!#-'*+\-0-9A-Z^-z|~]*)[ \t]*<([^<>]+)>$/;

/** The prefix and the URI that an NS line declares; undefined for any other header. */
function declarationIn(header: CpimHeader): readonly [prefix: string, uri: string] | undefined {
  if (header.name !== 'NS' || header.prefix !== '') return undefined;
  const [, prefix, uri] = namespaceDeclaration.exec(header.value) ?? [];
  return prefix === undefined || uri === undefined ? undefined : [prefix, uri];
}

/** Parameters stand between the colon and the value: `Subject:;lang=fr Bonjour` (RFC 3862 §3.3). */
function readParameters(text: string): { readonly parameters: readonly CpimParameter[]; readonly value: string } {
  if (!text.startsWith(';')) return { parameters: noParameters, value: text };
  const parameters: CpimParameter[] = [];
  let at = 0;
  while (text[at] === ';') {
    const parameter = readParameter(text, at + 1);
    if (parameter === undefined) break;
    parameters.push({ name: parameter.name, value: parameter.value });
    at = parameter.end;
  }
  return { parameters, value: trimBlanks(text.slice(at)) };
}

const noParameters: readonly CpimParameter[] = [];

const plainParameter = /([^\s;="]{1,64})=([^\s;"]*)/y;
const quotedParameter = /([^\s;="]{1,64})="((?:[^"\\]|\\.)*)"/y;

/** Undefined when the text is no parameter, so that a value such as `;-)` stays a value. */
function readParameter(text: string, start: number): (CpimParameter & { readonly end: number }) | undefined {
  for (const pattern of [quotedParameter, plainParameter]) {
    pattern.lastIndex = start;
    const [whole, name, value] = pattern.exec(text) ?? [];
    if (whole !== undefined && name !== undefined && value !== undefined) {
      return { name, value: decodeCpimText(value), end: start + whole.length };
    }
  }
  return undefined;
}

/** The header as it goes on the wire, line end included, in pieces to be joined. */
export function formatCpimHeader(header: CpimHeader): readonly Uint8Array[] {
  const name = header.prefix === '' ? header.name : `${header.prefix}.${header.name}`;
  if (header.octets !== undefined) return formatField({ name, value: header.value, octets: header.octets });
  const parameters = header.parameters.map((parameter) => `;${parameter.name}=${formatParameterValue(parameter.value)}`);
  return [encodeText(`${name}:${parameters.join('')} ${escapeControls(header.value)}\r\n`)];
}

/** Token of RFC 3862 §3.6. */
const token = /^[!#-'*+\-.0-9A-Z^-z|~\u0080-\uffff]+$/;

function formatParameterValue(value: string): string {
  return token.test(value) ? value : quoteCpimText(value);
}
