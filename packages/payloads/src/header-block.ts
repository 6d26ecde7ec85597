import { ReceivedField } from './header-field.ts';
import { carriageReturn, decodeText, isBlank, lineFeed, space, trimmedSlice } from './octets.ts';
import type { PayloadProblem } from './problem.ts';
import { payloadProblem } from './problem.ts';

export interface HeaderBlock {
  readonly kind: 'header-block';
  readonly fields: readonly ReceivedField[];
  /** Where the octets behind the empty line begin. */
  readonly end: number;
  /** False when the octets ended before an empty line came. */
  readonly terminated: boolean;
}

export interface HeaderLimits {
  readonly maxOctets: number;
  readonly maxFields: number;
}

/** Our own bounds: ten times what any client known to us sends. */
export const headerLimits: HeaderLimits = { maxOctets: 16_384, maxFields: 100 };

/** Reads fields from `start` to the first empty line or the end of the octets. Lines may end in LF alone and may be folded. */
export function scanHeaderBlock(octets: Uint8Array, start: number, limits: HeaderLimits = headerLimits): HeaderBlock | PayloadProblem {
  return new HeaderReader(octets, start, limits.maxOctets, 1).readBlock(limits.maxFields);
}

/**
 * Reads header blocks that stand behind each other. Their lines become text in one piece, because a decoding costs as
 * much as several fields, and every place is known twice: in the text and in the octets.
 */
export class HeaderReader {
  readonly #octets: Uint8Array;
  readonly #start: number;
  readonly #maxOctets: number;
  /** Whole lines, and where they end in the octets. */
  #text = '';
  #textEnd: number;
  /** One octet to each character, so that both places move alike. */
  #aligned = true;
  /** Where the next line begins, in the text and in the octets. */
  #index = 0;
  #offset: number;

  /** `maxOctets` bounds all blocks together; `blocks` is how many are likely to come. */
  constructor(octets: Uint8Array, start: number, maxOctets: number, blocks: number) {
    this.#octets = octets;
    this.#start = start;
    this.#maxOctets = maxOctets;
    this.#textEnd = start;
    this.#offset = start;
    this.#decode(blocks);
  }

  /** The fields from here to the first empty line or the end of the octets. A passed limit counts more than a malformed field before it. */
  readBlock(maxFields: number): HeaderBlock | PayloadProblem {
    if (this.#offset === this.#textEnd) this.#decode(1);
    const fields: ReceivedField[] = [];
    let malformed: PayloadProblem | undefined;
    for (let count = 0; this.#offset < this.#textEnd; count += 1) {
      const offset = this.#offset;
      const index = this.#index;
      const end = this.#passLine();
      if (end === index) return malformed ?? { kind: 'header-block', fields, end: this.#offset, terminated: true };
      if (count === maxFields) return payloadProblem('too-many', offset, `There are more than ${maxFields} headers.`);
      const field = this.#readField(index, end, offset);
      if (field !== undefined) fields.push(field);
      else malformed ??= payloadProblem('malformed', offset, 'A header line has no name.');
    }
    if (this.#textEnd < this.#octets.length) return this.#tooLarge();
    return malformed ?? { kind: 'header-block', fields, end: this.#offset, terminated: false };
  }

  /** Makes text of the lines from here to the end of so many blocks. */
  #decode(blocks: number): void {
    const offset = this.#offset;
    this.#textEnd = endOfBlocks(this.#octets, offset, this.#start + this.#maxOctets, blocks);
    this.#text = decodeText(this.#octets.subarray(offset, this.#textEnd));
    // UTF-8 never decodes to more units than it has octets. Equal lengths mean one unit per octet.
    this.#aligned = this.#text.length === this.#textEnd - offset;
    this.#index = 0;
  }

  #tooLarge(): PayloadProblem {
    return payloadProblem('too-large', this.#offset, `The headers are longer than ${this.#maxOctets} octets.`);
  }

  /** Goes behind the line that begins here, and tells where in the text it ends without its line end. */
  #passLine(): number {
    const text = this.#text;
    const index = this.#index;
    const feed = text.indexOf('\n', index);
    const next = feed === -1 ? text.length : feed + 1;
    this.#offset = this.#aligned ? this.#offset + next - index : behindLine(this.#octets, this.#offset);
    this.#index = next;
    if (feed === -1) return next;
    return feed > index && text.charCodeAt(feed - 1) === carriageReturn ? feed - 1 : feed;
  }

  /** The field whose first line was passed; passes the folded ones. Undefined when it has no name. */
  #readField(index: number, firstEnd: number, offset: number): ReceivedField | undefined {
    let end = firstEnd;
    while (isBlank(this.#text.charCodeAt(this.#index))) end = this.#passLine();
    const text = this.#text;
    const nameStart = behindBlanks(text, index, end);
    const nameEnd = behindName(text, nameStart, end);
    const colon = behindBlanks(text, nameEnd, end);
    if (nameEnd === nameStart || colon === end || text.charCodeAt(colon) !== colonCharacter) return undefined;
    const folded = trimmedSlice(text, colon + 1, end);
    const value = end === firstEnd ? folded : unfold(folded);
    const name = text.slice(nameStart, nameEnd);
    return new ReceivedField(name, value, this.#octets, offset);
  }
}

/**
 * Where the whole lines end that hold so many blocks: behind the empty line of the last one, before a line that
 * passes `limit`, or with the octets.
 */
function endOfBlocks(octets: Uint8Array, start: number, limit: number, blocks: number): number {
  const end = Math.min(octets.length, limit);
  let line = start;
  let open = blocks;
  for (let at = start; at < end; at += 1) {
    if (octets[at] !== lineFeed) continue;
    const isEmpty = at === line || (at === line + 1 && octets[line] === carriageReturn);
    line = at + 1;
    if (isEmpty) open -= 1;
    if (open === 0) return line;
  }
  return end === octets.length ? end : line;
}

function behindLine(octets: Uint8Array, start: number): number {
  const feed = octets.indexOf(lineFeed, start);
  return feed === -1 ? octets.length : feed + 1;
}

function behindBlanks(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && text.charCodeAt(at) <= space) at += 1;
  return at;
}

/** Printable US-ASCII without the colon (RFC 5322 §2.2); wider than the NAMECHAR of RFC 3862 §3.6, which names are checked against on output. */
function behindName(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && isNameCharacter(text.charCodeAt(at))) at += 1;
  return at;
}

function isNameCharacter(character: number): boolean {
  return character > space && character <= tilde && character !== colonCharacter;
}

const tilde = 0x7e;
const colonCharacter = 0x3a;

function unfold(value: string): string {
  return value.replace(/\r?\n/g, '');
}
