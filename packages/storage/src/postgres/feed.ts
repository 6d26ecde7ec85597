import pg from 'pg';
import type { ChangeFeed, ChangeFeedEvents } from '../database.ts';
import { postgresError } from './postgres-error.ts';

const channel = 'opencpm';
/** The first key of the advisory locks by which processes see whether another one runs under their name: "CPM". */
const lockClass = 0x43504d;
/** The pause before the next attempt to connect. */
const reconnectMilliseconds = 500;
/** After so long without an answer the connection is taken for lost. */
const answerMilliseconds = 5_000;
/** Texts that wait while there is no connection; past it they are dropped, as `resumed` makes up for them. */
const maxWaiting = 10_000;

/**
 * LISTEN and NOTIFY on a connection of their own. Texts are told after the commits that they are about and not in them: a
 * transaction that notifies holds a lock of the whole server until it is on the disk, and such commits come one by one.
 */
export async function openPostgresFeed(url: string, name: string, events: ChangeFeedEvents): Promise<ChangeFeed> {
  const feed = new PostgresFeed(url, name, events);
  try {
    await feed.connect();
  } catch (thrown) {
    await feed.close();
    throw postgresError(thrown);
  }
  return feed;
}

class PostgresFeed implements ChangeFeed {
  readonly #url: string;
  readonly #name: string;
  readonly #events: ChangeFeedEvents;
  #client: pg.Client | undefined;
  #alone = false;
  #closed = false;
  #retry: NodeJS.Timeout | undefined;
  #waiting: string[] = [];
  #telling: Promise<void> | undefined;

  constructor(url: string, name: string, events: ChangeFeedEvents) {
    this.#url = url;
    this.#name = name;
    this.#events = events;
  }

  async aloneUnderName(): Promise<boolean> {
    const client = this.#client;
    if (!this.#alone && client !== undefined) await this.#claimName(client).catch(() => this.#lost(client));
    return this.#alone;
  }

  async connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#url,
      keepAlive: true,
      application_name: 'opencpm feed',
      connectionTimeoutMillis: answerMilliseconds,
      query_timeout: answerMilliseconds,
    });
    let isOurs: (processId: number) => boolean = () => false;
    client.on('error', () => this.#lost(client));
    client.on('end', () => this.#lost(client));
    client.on('notification', ({ payload, processId }) => {
      if (payload !== undefined && !isOurs(processId)) this.#events.heard(payload);
    });
    await client.connect();
    const own = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    isOurs = (processId) => processId === own.rows[0]?.pid;
    await client.query(`LISTEN ${channel}`);
    await this.#claimName(client);
    this.#client = client;
    if (this.#closed) await client.end();
  }

  async #claimName(client: pg.Client): Promise<void> {
    const claim = await client.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1, hashtext($2)) AS got', [lockClass, this.#name]);
    this.#alone = claim.rows[0]?.got === true;
  }

  tell(text: string): void {
    if (this.#closed || this.#waiting.length >= maxWaiting) return;
    this.#waiting.push(text);
    this.#tellSoon();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#telling;
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  #tellSoon(): void {
    this.#telling ??= this.#tellWaiting().finally(() => {
      this.#telling = undefined;
      if (this.#client !== undefined && this.#waiting.length > 0) this.#tellSoon();
    });
  }

  async #tellWaiting(): Promise<void> {
    for (let client = this.#client; client !== undefined && this.#waiting.length > 0; client = this.#client) {
      const texts = this.#waiting;
      this.#waiting = [];
      try {
        await client.query('SELECT pg_notify($1, text) FROM unnest($2::text[]) AS text', [channel, texts]);
      } catch {
        this.#lost(client);
      }
    }
  }

  #lost(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#alone = false;
    client.end().catch(() => undefined);
    this.#reconnectLater();
  }

  #reconnectLater(): void {
    if (this.#closed) return;
    this.#retry = setTimeout(() => {
      this.connect().then(
        () => {
          this.#events.resumed();
          this.#tellSoon();
        },
        () => this.#reconnectLater(),
      );
    }, reconnectMilliseconds);
  }
}
