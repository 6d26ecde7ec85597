import { randomUUID } from 'node:crypto';
import type { Account } from '../../conformance/framework/digest.ts';
import { domain } from '../../interop/surroundings/server-process.ts';

/** Names of people in rows. Eve is of another domain. */
const people = ['alice', 'bob', 'carol', 'dave', 'erin', 'eve'];
const asWord = new RegExp(`(?<![\\w.])(${people.join('|')})(?![\\w.])`, 'g');
const asInstance = /instance-of-([a-z]+\/[a-z]+)/g;

/**
 * Rows share servers, so each has users and devices of its own: `bob` of the row `rule-store` is `bob.rule-store`, and
 * everything that is sent for a row names one of them.
 */
export class RowNames {
  readonly #row: string;
  readonly #instances = new Map<string, string>();

  constructor(row: string) {
    this.#row = row;
  }

  /** A text of the row with the names of this run. */
  own(text: string): string {
    return text.replaceAll(asInstance, (_, client: string) => this.instance(client)).replaceAll(asWord, (name) => `${name}.${this.#row}`);
  }

  /** `bob` for `sip:bob.rule-store@cpm.test` and for `bob.rule-store`. */
  asInRow(text: string): string {
    return text.replace(/^sip:/, '').replace(/@.*$/, '').replace(`.${this.#row}`, '');
  }

  /** `+sip.instance` of the client, without angle brackets. */
  instance(client: string): string {
    const instance = this.#instances.get(client) ?? `urn:uuid:${randomUUID()}`;
    this.#instances.set(client, instance);
    return instance;
  }

  account(name: string): Account {
    const user = this.own(name);
    return { user, password: `password of ${user}`, address: `sip:${user}@${domain}` };
  }

  /** The users of this domain that a text names, as the row calls them. */
  static in(text: string): readonly string[] {
    return [...text.matchAll(asWord)].map(([name]) => name).filter((name) => name !== 'eve');
  }
}

/** The row that a message belongs to; undefined when it names nobody of a row. */
export function rowOf(octets: string): string | undefined {
  return new RegExp(`(?:${people.join('|')})\\.([a-z0-9-]+)@`).exec(octets)?.[1];
}
