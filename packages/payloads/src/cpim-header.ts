import { decodeCpimText, escapeControls, quoteCpimText } from './cpim-escape.ts';
import type { ReceivedField } from './header-field.ts';
import { formatField } from './header-field.ts';
import { encodeText, trimBlanks } from './octets.ts';
import { readOnce } from './read-once.ts';

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
export function toCpimHeaders(fields: readonly ReceivedField[]): readonly CpimHeader[] {
  let scope = customaryScope;
  return fields.map((field) => {
    const header = new ReceivedHeader(field, scope);
    const declared = declarationIn(header);
    // Nearly every message declares what is customary.
    if (declared !== undefined && scope.get(declared.prefix) !== declared.uri) scope = new Map(scope).set(declared.prefix, declared.uri);
    return header;
  });
}

/** What the NS lines of these headers declare. */
export function declaredScope(headers: readonly CpimHeader[]): CpimScope {
  const scope = new Map<string, string>();
  for (const header of headers) {
    const declared = declarationIn(header);
    if (declared !== undefined) scope.set(declared.prefix, declared.uri);
  }
  return scope;
}

/** A header that came; its octets are those of its field. */
class ReceivedHeader implements CpimHeader {
  readonly prefix: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly parameters: readonly CpimParameter[];
  readonly value: string;
  readonly #field: ReceivedField;

  constructor(field: ReceivedField, scope: CpimScope) {
    const dot = field.name.indexOf('.');
    this.prefix = dot === -1 ? '' : field.name.slice(0, dot);
    this.name = dot === -1 ? field.name : field.name.slice(dot + 1);
    // NS stays itself under a changed default namespace, else nothing could change it back.
    this.namespace = field.name === 'NS' ? coreNamespace : scope.get(this.prefix);
    const { parameters, end } = readParameters(field.value);
    this.parameters = parameters;
    this.value = end === 0 ? field.value : trimBlanks(field.value.slice(end));
    this.#field = field;
  }

  get octets(): Uint8Array {
    return this.#field.octets;
  }
}

interface NamespaceDeclaration {
  readonly prefix: string;
  readonly uri: string;
}

/** What an NS line declares; undefined for any other header. */
function declarationIn(header: CpimHeader): NamespaceDeclaration | undefined {
  return header.name === 'NS' && header.prefix === '' ? readDeclaration(header.value) : undefined;
}

/** NS of RFC 3862 §4.6; the prefix is a Name, so that it may be written into headers of our own. */
const namespaceDeclaration = /^([!#-'*+\-0-9A-Z^-z|~]*)[ \t]*<([^<>]+)>$/;

const readDeclaration = readOnce((value): NamespaceDeclaration | undefined => {
  const [, prefix, uri] = namespaceDeclaration.exec(value) ?? [];
  return prefix === undefined || uri === undefined ? undefined : { prefix, uri };
});

/** Parameters stand between the colon and the value: `Subject:;lang=fr Bonjour` (RFC 3862 §3.3). */
function readParameters(text: string): ParametersInFront {
  if (!text.startsWith(';')) return noParameters;
  const parameters: CpimParameter[] = [];
  let at = 0;
  while (text[at] === ';') {
    const parameter = readParameter(text, at + 1);
    if (parameter === undefined) break;
    parameters.push({ name: parameter.name, value: parameter.value });
    at = parameter.end;
  }
  return { parameters, end: at };
}

interface ParametersInFront {
  readonly parameters: readonly CpimParameter[];
  /** Where the value begins. */
  readonly end: number;
}

const noParameters: ParametersInFront = { parameters: [], end: 0 };

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
