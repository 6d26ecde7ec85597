import type { AdministrationResult } from '../administration-result.ts';
import type { MessageStoreAdministration, StoredMessage, StoredMessageSummary } from '../message-store-administration.ts';

/** The message store of one user in an array, for the tests of what speaks to an administration. */
export class InMemoryMessageStore implements MessageStoreAdministration {
  readonly #owner: string;
  readonly #messages: readonly StoredMessage[];

  constructor(owner: string, messages: readonly StoredMessage[]) {
    this.#owner = owner;
    this.#messages = messages;
  }

  async list(user: string, limit: number): Promise<AdministrationResult<readonly StoredMessageSummary[]>> {
    if (user !== this.#owner) return { kind: 'not-found', text: `There is no user ${user}.` };
    return { kind: 'done', value: this.#messages.slice(0, limit).map(({ text: _text, ...summary }) => summary) };
  }

  async show(user: string, uid: number): Promise<AdministrationResult<StoredMessage>> {
    const value = user === this.#owner ? this.#messages.find((message) => message.uid === uid) : undefined;
    return value === undefined ? { kind: 'not-found', text: `${user} has no stored message ${uid}.` } : { kind: 'done', value };
  }
}
