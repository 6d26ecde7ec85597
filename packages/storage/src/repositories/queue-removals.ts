import type { MessageUriId, OwedRequest, QueueFault, UserId } from '@opencpm/cpm';
import type { CommitResult, Database, Statement } from '../database.ts';
import { queueFault } from './fault.ts';
import { insertOwed } from './outbox.ts';

type Removed = boolean | QueueFault;

interface Waiting {
  readonly id: MessageUriId;
  readonly answer: (removed: Promise<Removed>) => void;
}

/** A batch takes this many; fewer are filled up, so that there is one text of SQL for them. */
const idsAtOnce = 16;

/**
 * Takes messages out of the queue. Those of one user that are taken at once, because answers of his client came in one
 * turn of the loop, go in one batch: the row that counts his queue is written once for them.
 */
export class QueueRemovals {
  readonly #database: Database;
  readonly #waiting = new Map<UserId, Waiting[]>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** False when it was not there any more. */
  remove(owner: UserId, id: MessageUriId, owed: readonly OwedRequest[]): Promise<Removed> {
    if (owed.length > 0) return this.#removeAlone(owner, id, owed);
    return new Promise((answer) => {
      const waiting = this.#waiting.get(owner);
      if (waiting === undefined) void this.#removeSoon(owner, [{ id, answer }]);
      else waiting.push({ id, answer });
    });
  }

  /** Those that come in this very turn of the microtasks go along. */
  async #removeSoon(owner: UserId, waiting: Waiting[]): Promise<void> {
    this.#waiting.set(owner, waiting);
    await undefined;
    this.#waiting.delete(owner);
    for (let first = 0; first < waiting.length; first += idsAtOnce)
      void this.#removeTogether(owner, waiting.slice(first, first + idsAtOnce));
  }

  async #removeTogether(owner: UserId, waiting: readonly Waiting[]): Promise<void> {
    const ids = [...new Set(waiting.map(({ id }) => id))];
    if (waiting.length === 1 || ids.length < waiting.length) return this.#removeOneByOne(owner, waiting);
    const result = await this.#database.commit(removeAll(owner, ids));
    if (result.kind === 'guard-failed') return this.#removeOneByOne(owner, waiting);
    for (const { answer } of waiting) answer(Promise.resolve(outcome(result)));
  }

  #removeOneByOne(owner: UserId, waiting: readonly Waiting[]): void {
    for (const { id, answer } of waiting) answer(this.#removeAlone(owner, id, []));
  }

  async #removeAlone(owner: UserId, id: MessageUriId, owed: readonly OwedRequest[]): Promise<Removed> {
    return outcome(await this.#database.commit([...removeOne(owner, id), ...owed.map(insertOwed)]));
  }
}

function outcome(result: CommitResult): Removed {
  return result.kind === 'fault' ? queueFault(result) : result.kind === 'committed';
}

function removeOne(owner: UserId, id: MessageUriId): readonly Statement[] {
  return [
    {
      sql: `UPDATE queue_sizes SET messages = messages - 1, octets = octets - 
        (SELECT LENGTH(request) FROM deferred_messages WHERE owner = ? AND message_uri_id = ?)
        WHERE owner = ? AND EXISTS (SELECT 1 FROM deferred_messages WHERE owner = ? AND message_uri_id = ?)`,
      parameters: [owner, id, owner, owner, id],
      expectRows: 1,
    },
    { sql: 'DELETE FROM deferred_messages WHERE owner = ? AND message_uri_id = ?', parameters: [owner, id], expectRows: 1 },
    { sql: 'DELETE FROM deferred_attempts WHERE owner = ? AND message_uri_id = ?', parameters: [owner, id] },
  ];
}

const places = Array(idsAtOnce).fill('?').join(', ');

/** All of them or none: the guards fail when one is not there any more. */
function removeAll(owner: UserId, ids: readonly MessageUriId[]): readonly Statement[] {
  const filled = Array.from({ length: idsAtOnce }, (_, index) => ids[index] ?? ids[0] ?? '');
  return [
    {
      sql: `UPDATE queue_sizes SET messages = messages - CAST(? AS BIGINT), octets = octets -
        (SELECT COALESCE(SUM(LENGTH(request)), 0) FROM deferred_messages WHERE owner = ? AND message_uri_id IN (${places})) WHERE owner = ?`,
      parameters: [ids.length, owner, ...filled, owner],
      expectRows: 1,
    },
    {
      sql: `DELETE FROM deferred_messages WHERE owner = ? AND message_uri_id IN (${places})`,
      parameters: [owner, ...filled],
      expectRows: ids.length,
    },
    { sql: `DELETE FROM deferred_attempts WHERE owner = ? AND message_uri_id IN (${places})`, parameters: [owner, ...filled] },
  ];
}
