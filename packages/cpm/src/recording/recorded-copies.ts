import type { MessageStore, OwedRequest, QueueFault, RecordedCopy } from '../ports.ts';
import type { MessageObject } from './message-object.ts';

/** One object, as the requests under way see it that name it by its UID. */
interface SharedCopy {
  /** Recordings of which nobody has said yet what became of the message. */
  undecided: number;
  /** One of those recordings has made it. What is of an earlier time, as before a crash, a client may have accepted then. */
  isNew: boolean;
  isKept: boolean;
  /** While it is being removed. */
  removal: Promise<void> | undefined;
}

type StoreOutcome = { readonly kind: 'recorded'; readonly copy: RecordedCopy } | { readonly kind: 'full' } | QueueFault;

/**
 * The recorded objects that requests under way name. Clients of one user are sent the same object, and one of them may
 * accept what another refuses: an object goes with the last request that names it, when none was accepted. What was
 * there before goes never: an object too many is better than a client with the UID of none.
 */
export class RecordedCopies {
  readonly #store: MessageStore;
  readonly #said: (fault: QueueFault) => void;
  /** By owner and key. An object without key belongs to one recording. */
  readonly #shared = new Map<string, SharedCopy>();

  /** `faultOfRemoval` is told when the store has not removed an object. */
  constructor(store: MessageStore, faultOfRemoval: (fault: QueueFault) => void) {
    this.#store = store;
    this.#said = faultOfRemoval;
  }

  async record(object: MessageObject, owed: readonly OwedRequest[]): Promise<StoreOutcome> {
    // Before the store is asked: from now on nobody else removes the object.
    const shared = this.#enter(object);
    await shared.removal;
    const stored = await this.#store.store(object, owed);
    if (!('uid' in stored)) {
      this.#leave(object, shared);
      return stored;
    }
    shared.isNew ||= stored.kind === 'stored';
    return { kind: 'recorded', copy: this.#copyOf(object, shared, stored.uid) };
  }

  #copyOf(object: MessageObject, shared: SharedCopy, uid: number): RecordedCopy {
    return {
      uid,
      keep: () => {
        shared.isKept = true;
        this.#leave(object, shared);
      },
      remove: async (waiting) => {
        if (shared.undecided > 1 || shared.isKept || !shared.isNew) return this.#leave(object, shared);
        shared.removal = this.#remove(object, uid, waiting);
        await shared.removal;
        shared.removal = undefined;
        // Who came meanwhile has waited, and makes another object.
        shared.isNew = false;
        this.#leave(object, shared);
      },
    };
  }

  async #remove({ owner }: MessageObject, uid: number, waiting: Parameters<RecordedCopy['remove']>[0]): Promise<void> {
    const removed = await this.#store.remove(owner, uid, waiting);
    if (typeof removed === 'object') this.#said(removed);
  }

  #enter(object: MessageObject): SharedCopy {
    const name = nameOf(object);
    const shared = (name === undefined ? undefined : this.#shared.get(name)) ?? nobodys();
    if (name !== undefined) this.#shared.set(name, shared);
    shared.undecided += 1;
    return shared;
  }

  /** What is kept is settled for those who come later: for them it is an object that was there. */
  #leave(object: MessageObject, shared: SharedCopy): void {
    shared.undecided -= 1;
    const name = nameOf(object);
    if (name !== undefined && (shared.undecided === 0 || shared.isKept) && this.#shared.get(name) === shared) this.#shared.delete(name);
  }
}

function nameOf({ owner, key }: MessageObject): string | undefined {
  return key === undefined ? undefined : `${owner} ${key}`;
}

function nobodys(): SharedCopy {
  return { undecided: 0, isNew: false, isKept: false, removal: undefined };
}
