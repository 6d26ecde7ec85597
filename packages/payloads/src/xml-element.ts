import { type SaxesAttributeNS, SaxesParser } from 'saxes';
import { decodeStrictText, trimBlanks } from './octets.ts';
import type { PayloadProblem } from './problem.ts';
import { payloadProblem } from './problem.ts';

/** An element of a small document, with prefixes resolved. Comments and processing instructions are not kept. */
export interface XmlElement {
  /** '' when it is in none. */
  readonly namespace: string;
  /** Without prefix. */
  readonly name: string;
  /** By local name; those of a foreign namespace as `{namespace}name`. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The character data directly inside, in one piece. */
  readonly text: string;
}

export interface XmlLimits {
  readonly maxOctets: number;
  readonly maxDepth: number;
  readonly maxElements: number;
}

/** Reads a UTF-8 document. A document type declaration is refused, so no entity of the peer's making is ever expanded. */
export function parseXml(octets: Uint8Array, limits: XmlLimits): XmlElement | PayloadProblem {
  if (octets.length > limits.maxOctets) return payloadProblem('too-large', 0, `The document is longer than ${limits.maxOctets} octets.`);
  const text = decodeStrictText(octets);
  if (text === undefined) return payloadProblem('malformed', 0, 'The document is not UTF-8.');
  const builder = new TreeBuilder(limits);
  try {
    return builder.build(trimBlanks(text));
  } catch {
    // The parser has no other way to stop than to throw; what it or the builder found is in the builder.
    return builder.problem ?? payloadProblem('malformed', 0, 'The document is not well-formed XML.');
  }
}

interface OpenElement extends XmlElement {
  readonly children: OpenElement[];
  text: string;
}

class TreeBuilder {
  problem: PayloadProblem | undefined;
  readonly #limits: XmlLimits;
  readonly #open: OpenElement[] = [];
  #root: OpenElement | undefined;
  #elements = 0;

  constructor(limits: XmlLimits) {
    this.#limits = limits;
  }

  build(text: string): XmlElement {
    const parser = new SaxesParser({ xmlns: true, position: false });
    parser.on('doctype', () => this.#refuse('unsupported', 'A document type declaration is not accepted.'));
    parser.on('error', () => this.#refuse('malformed', 'The document is not well-formed XML.'));
    parser.on('opentag', (tag) => this.#enter(tag.uri, tag.local, attributesOf(tag.attributes)));
    parser.on('closetag', () => this.#open.pop());
    parser.on('text', (data) => this.#append(data));
    parser.on('cdata', (data) => this.#append(data));
    parser.write(text).close();
    return this.#root ?? this.#refuse('missing', 'The document has no element.');
  }

  #enter(namespace: string, name: string, attributes: ReadonlyMap<string, string>): void {
    this.#elements += 1;
    if (this.#elements > this.#limits.maxElements) this.#refuse('too-many', `There are more than ${this.#limits.maxElements} elements.`);
    if (this.#open.length >= this.#limits.maxDepth) this.#refuse('too-deep', `Elements are nested deeper than ${this.#limits.maxDepth}.`);
    const element: OpenElement = { namespace, name, attributes, children: [], text: '' };
    this.#open.at(-1)?.children.push(element);
    this.#open.push(element);
    this.#root ??= element;
  }

  #append(data: string): void {
    const element = this.#open.at(-1);
    if (element !== undefined) element.text += data;
  }

  #refuse(code: PayloadProblem['code'], text: string): never {
    this.problem = payloadProblem(code, 0, text);
    throw new Error(text);
  }
}

function attributesOf(attributes: Readonly<Record<string, SaxesAttributeNS>>): ReadonlyMap<string, string> {
  return new Map(Object.values(attributes).map(({ uri, local, value }) => [uri === '' ? local : `{${uri}}${local}`, value]));
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' };

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that XML 1.0 §2.2 excludes.
const notInXml = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/** Text for an element or an attribute in double quotes. What XML 1.0 cannot carry at all becomes U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(notInXml, '\ufffd')
    .replace(/[&<>"\r]/g, (character) => escapes[character] ?? character);
}

/** Text for an attribute in double quotes, where a reader would make blanks of line ends and tabs (XML 1.0 §3.3.3). */
export function escapeXmlAttribute(text: string): string {
  return escapeXml(text).replace(/[\n\t]/g, (character) => (character === '\n' ? '&#10;' : '&#9;'));
}
