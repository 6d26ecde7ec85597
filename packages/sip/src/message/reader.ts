import { blank, codeAt, digit, isIn, parameterValue, token } from './character-classes.ts';
import { Malformed } from './malformed.ts';
import { Parameters } from './parameters.ts';
import { unquote } from './quoting.ts';

const quoteMark = 0x22;
const semicolon = 0x3b;
const equalsSign = 0x3d;
const openBracket = 0x5b;

/**
 * Reads the text of a header value from left to right, by the rules of RFC 3261 §25.1. A method that reads something
 * gives undefined, and stays where it is, when that is not what comes next.
 */
export class Reader {
  readonly text: string;
  position: number;

  constructor(text: string, position = 0) {
    this.text = text;
    this.position = position;
  }

  /** True when nothing is left. */
  get ended(): boolean {
    return this.position >= this.text.length;
  }

  /** What is left. */
  get rest(): string {
    return this.text.slice(this.position);
  }

  /** LWS or SWS: passes blanks and folds, and says if there were any. */
  skip(): boolean {
    const start = this.position;
    while (isIn(codeAt(this.text, this.position), blank)) this.position += 1;
    return this.position > start;
  }

  /** Passes one character, if it is next. */
  take(character: string): boolean {
    if (this.text[this.position] !== character) return false;
    this.position += 1;
    return true;
  }

  /** Passes one character with blanks around it (SEMI, COMMA, EQUAL, SLASH, STAR), if it is next. */
  separator(character: string): boolean {
    const start = this.position;
    this.skip();
    if (!this.take(character)) {
      this.position = start;
      return false;
    }
    this.skip();
    return true;
  }

  /** The longest run of characters of the classes; undefined when there is none. */
  run(mask: number): string | undefined {
    const start = this.position;
    let end = start;
    while (isIn(codeAt(this.text, end), mask)) end += 1;
    this.position = end;
    return end === start ? undefined : this.text.slice(start, end);
  }

  token(): string | undefined {
    return this.run(token);
  }

  /** 1*DIGIT as a number up to `maximum`. */
  number(maximum: number): number | undefined {
    const start = this.position;
    const value = Number(this.run(digit) ?? Number.NaN);
    if (value <= maximum) return value;
    this.position = start;
    return undefined;
  }

  /** The content of a quoted-string, its backslashes and folds resolved. */
  quotedString(): string | undefined {
    const written = this.quotedText();
    return written === undefined ? undefined : unquote(written);
  }

  /** A quoted-string as written, with its quotes. */
  quotedText(): string | undefined {
    const start = this.position;
    if (codeAt(this.text, start) !== quoteMark) return undefined;
    let end = start + 1;
    while (end < this.text.length && this.text.charCodeAt(end) !== quoteMark) end += this.text[end] === '\\' ? 2 : 1;
    if (end >= this.text.length) return undefined;
    this.position = end + 1;
    return this.text.slice(start, end + 1);
  }

  /** A comment in parentheses, which may be nested; its content without the outer ones. */
  comment(): string | undefined {
    const start = this.position;
    let depth = 0;
    let end = start;
    do {
      const character = this.text[end];
      if (character === '(') depth += 1;
      else if (character === ')') depth -= 1;
      else if (character === '\\') end += 1;
      end += 1;
    } while (depth > 0 && end < this.text.length);
    if (this.text[start] !== '(' || depth > 0) return undefined;
    this.position = end;
    return this.text.slice(start + 1, end - 1);
  }

  /** The value of a generic-param as written: a token or host, or a quoted-string with its quotes. */
  parameterText(): string | undefined {
    const code = codeAt(this.text, this.position);
    if (code === quoteMark) return this.quotedText();
    return code === openBracket ? this.bracketed() : this.run(parameterValue);
  }

  /** `*( SEMI generic-param )` up to the end of the text; anything else that follows is malformed. */
  parameters(): Parameters | Malformed {
    if (this.ended) return Parameters.empty;
    const entries: { name: string; text: string | true }[] = [];
    for (;;) {
      this.skip();
      if (this.ended) return Parameters.ofWritten(entries);
      if (codeAt(this.text, this.position) !== semicolon) return new Malformed('something other than a parameter behind a value');
      this.position += 1;
      const entry = this.parameter();
      if (entry === undefined) return new Malformed('a malformed parameter');
      entries.push(entry);
    }
  }

  private parameter(): { name: string; text: string | true } | undefined {
    this.skip();
    const name = this.token();
    if (name === undefined) return undefined;
    this.skip();
    if (codeAt(this.text, this.position) !== equalsSign) return { name, text: true };
    this.position += 1;
    this.skip();
    const text = this.parameterText();
    return text === undefined ? undefined : { name, text };
  }

  private bracketed(): string | undefined {
    const start = this.position;
    const end = this.text.indexOf(']', start);
    if (end < 0) return undefined;
    this.position = end + 1;
    return this.text.slice(start, end + 1);
  }
}
