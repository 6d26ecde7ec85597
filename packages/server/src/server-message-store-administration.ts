import type { QueueFault } from '@opencpm/cpm';
import type { MessageObjects, StoredObject, StoredUser } from '@opencpm/storage';
import type { AdministrationResult } from './administration-result.ts';
import type { Directory } from './core/directory.ts';
import { isFault } from './database-services.ts';
import type { MessageStoreAdministration, StoredMessage, StoredMessageSummary } from './message-store-administration.ts';

/** The operator’s view of the message stores in the database, running server or not. */
export class ServerMessageStoreAdministration implements MessageStoreAdministration {
  readonly #directory: Pick<Directory, 'byName'>;
  readonly #objects: Pick<MessageObjects, 'list' | 'octets'>;

  constructor(directory: Pick<Directory, 'byName'>, objects: Pick<MessageObjects, 'list' | 'octets'>) {
    this.#directory = directory;
    this.#objects = objects;
  }

  list(name: string, limit: number): Promise<AdministrationResult<readonly StoredMessageSummary[]>> {
    return this.#ofUser(name, async ({ owner }) => {
      const objects = await this.#objects.list(owner, 0, limit);
      return isFault(objects) ? faultOf(objects) : { kind: 'done', value: objects.map(summaryOf) };
    });
  }

  show(name: string, uid: number): Promise<AdministrationResult<StoredMessage>> {
    return this.#ofUser(name, async ({ owner }) => {
      const found = await this.#objects.list(owner, uid - 1, 1);
      if (isFault(found)) return faultOf(found);
      const octets = await this.#objects.octets(owner, uid);
      if (isFault(octets)) return faultOf(octets);
      const [object] = found;
      if (octets === undefined || object?.uid !== uid) return { kind: 'not-found', text: `${name} has no stored message ${uid}.` };
      return { kind: 'done', value: { ...summaryOf(object), text: new TextDecoder().decode(octets) } };
    });
  }

  async #ofUser<T>(name: string, act: (user: StoredUser) => Promise<AdministrationResult<T>>): Promise<AdministrationResult<T>> {
    const user = this.#directory.byName(name);
    return user === undefined ? { kind: 'not-found', text: `There is no user ${name}.` } : act(user);
  }
}

function summaryOf({ uid, folder, direction, conversationId, messageId, storedAt, size }: StoredObject): StoredMessageSummary {
  return {
    uid,
    folder,
    direction,
    ...(conversationId === undefined ? {} : { conversationId }),
    ...(messageId === undefined ? {} : { imdnMessageId: messageId }),
    storedAt: new Date(storedAt).toISOString(),
    sizeOctets: size,
  };
}

function faultOf({ reason, temporary }: QueueFault): { readonly kind: 'fault'; readonly text: string; readonly temporary: boolean } {
  return { kind: 'fault', text: reason, temporary };
}
