import { translate } from './translate.ts';

export interface PreparedText {
  readonly text: string;
  /** The name under which connections keep it prepared; absent while it was used once only, as migrations are. */
  readonly name?: string;
}

/** Translates each statement once, and names those that come again so that a connection parses and plans them once. */
export class PreparedTexts {
  readonly #limit: number;
  readonly #texts = new Map<string, PreparedText>();
  #names = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(sql: string): PreparedText {
    const known = this.#texts.get(sql);
    if (known?.name !== undefined) return known;
    if (known === undefined) return this.#add(sql);
    this.#names += 1;
    const named = { text: known.text, name: `opencpm_${this.#names}` };
    this.#texts.set(sql, named);
    return named;
  }

  #add(sql: string): PreparedText {
    const added = { text: translate(sql) };
    if (this.#texts.size < this.#limit) this.#texts.set(sql, added);
    return added;
  }
}
