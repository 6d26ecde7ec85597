import { request } from 'node:http';
import { text } from 'node:stream/consumers';

/** What a server holds, as `opencpm status` and `opencpm queue` have it from the same socket. */
export class AdministrationSocket {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Messages in the queue, and what is owed. */
  async held(): Promise<{ readonly deferred: number; readonly owed: number }> {
    const { deferredMessages, outboxRows } = recordOf(await this.#get('/v1/status'));
    return { deferred: Number(deferredMessages), owed: Number(outboxRows) };
  }

  async queue(user: string): Promise<readonly QueuedMessage[]> {
    const rows = resultOf(await this.#get(`/v1/queue?limit=100000&user=${user}`));
    if (!Array.isArray(rows)) throw new Error(`the queue of ${user} is no list`);
    return rows.map((row: unknown) => {
      const { messageUriId, expiresAt } = recordOf(row);
      return { messageUriId: String(messageUriId), expiresAt: Date.parse(String(expiresAt)) };
    });
  }

  /** The imdn.Message-ID of a message in the queue. */
  async messageId({ messageUriId }: QueuedMessage): Promise<string> {
    return String(recordOf(resultOf(await this.#get(`/v1/queue/${encodeURIComponent(messageUriId)}`))).imdnMessageId);
  }

  async #get(path: string): Promise<unknown> {
    const outgoing = request({ socketPath: this.#path, path, signal: AbortSignal.timeout(30_000) });
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => text(incoming).then((answer) => resolve(JSON.parse(answer)), reject));
    outgoing.end();
    return promise;
  }
}

export interface QueuedMessage {
  readonly messageUriId: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

function recordOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new Error(`no record: ${JSON.stringify(value)}`);
  return { ...value };
}

/** Answers are `{ kind: 'done', value }`. */
function resultOf(answer: unknown): unknown {
  const { kind, value } = recordOf(answer);
  if (kind !== 'done') throw new Error(`the server refuses: ${JSON.stringify(answer)}`);
  return value;
}
