import { setTimeout as delay } from 'node:timers/promises';
import type { SeededRandom } from '@opencpm/testkit';
import { Client, type Reaction } from './client.ts';
import type { Journal } from './journal.ts';
import type { Message } from './message.ts';

/** They write, and are there from the beginning. */
const senders = ['alice', 'anna', 'adam', 'ada'] as const;
/** Those that others write to, with their clients. Cleo comes in the end, Nora never. */
const recipients = { bob: ['bob-1'], ben: ['ben-1', 'ben-2'], bea: ['bea-1'], cleo: ['cleo-1'], nora: [] } as const;
/** They come and go all the time. */
const restless: readonly string[] = ['bob-1', 'ben-1', 'ben-2', 'bea-1'];
/** Of ten messages two are for Cleo and one for Nora. */
const addressed = ['bob', 'bob', 'ben', 'ben', 'ben', 'bea', 'bea', 'cleo', 'cleo', 'nora'] as const;
const password = 'force';

export const accounts = [...senders, ...Object.keys(recipients)].map((user) => ({ user, password }));
/** What is for her waits in the end. */
export const absentUser = 'nora';

/** Milliseconds between two messages of one sender, on average: four write some 40 a second. */
const writingPause = 100;
/** No more than these of one client are on their way, so that a server that is away is not met by all at once. */
const mostUnanswered = 30;
const longestStay = 1500;
const shortExpiriesSeconds = [1, 2, 3] as const;

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface TrafficOptions {
  /** One for all, or each client's own. */
  readonly server: Address | ((client: string) => Address);
  readonly journal: Journal;
  readonly random: SeededRandom;
  /** Whether some of the messages expire after seconds; they do when left out. */
  readonly expiring?: boolean;
}

/** Senders who write at a bounded rate and recipients who come and go. */
export class Traffic {
  readonly #options: TrafficOptions;
  readonly #clients = new Map<string, Client>();
  readonly #going: Promise<void>[] = [];
  #isSettling = false;
  #isOver = false;
  #written = 0;

  private constructor(options: TrafficOptions) {
    this.#options = options;
  }

  static async open(options: TrafficOptions): Promise<Traffic> {
    const traffic = new Traffic(options);
    for (const user of senders) await traffic.#open(user, `${user}-1`);
    for (const [user, names] of Object.entries(recipients)) for (const name of names) await traffic.#open(user, name);
    return traffic;
  }

  /** Whoever finds no server tries again. */
  begin(): void {
    for (const user of senders) this.#goOn(this.#comeAndWrite(user));
    for (const name of restless) this.#goOn(this.#comeAndGo(name));
  }

  /** Nobody writes anything new, all come and answer. Resolves when all are there. */
  async settle(): Promise<void> {
    this.#isSettling = true;
    await Promise.all(this.#going);
    await Promise.all([...this.#clients.values()].map((client) => this.#arrive(client)));
  }

  /** Messages without an answer yet. */
  get unanswered(): number {
    return [...this.#clients.values()].reduce((sum, { unanswered }) => sum + unanswered, 0);
  }

  close(): void {
    this.#isOver = true;
    this.#isSettling = true;
    for (const client of this.#clients.values()) client.close();
  }

  async #open(user: string, name: string): Promise<void> {
    const { journal, random } = this.#options;
    const server = typeof this.#options.server === 'function' ? this.#options.server(name) : this.#options.server;
    const reactions = random.fork(`reactions of ${name}`);
    const react = () => (this.#isSettling ? 'answers' : drawReaction(reactions));
    this.#clients.set(name, await Client.open({ account: { user, password }, name, server, journal, react, nextId: () => this.#nextId() }));
  }

  #named(name: string): Client {
    const client = this.#clients.get(name);
    if (client === undefined) throw new Error(`there is no client ${name}`);
    return client;
  }

  async #arrive(client: Client): Promise<void> {
    while (!this.#isOver && !(await client.register()));
  }

  /** What goes wrong is told in the end; the others go on meanwhile. */
  #goOn(way: Promise<void>): void {
    this.#going.push(way.catch((error: unknown) => this.#options.journal.broke(String(error))));
  }

  async #comeAndWrite(user: string): Promise<void> {
    const client = this.#named(`${user}-1`);
    await this.#arrive(client);
    const random = this.#options.random.fork(`messages of ${user}`);
    while (!this.#isSettling) {
      if (client.unanswered < mostUnanswered) client.write(this.#drawMessage(user, random));
      await delay(random.integer(2 * writingPause));
    }
  }

  #drawMessage(from: string, random: SeededRandom): Message {
    const to = random.pick(addressed);
    const expires = this.#options.expiring !== false && random.chance(0.25) ? random.pick(shortExpiriesSeconds) : undefined;
    const conversation = `${from}-${to}-${random.integer(3)}`;
    return { id: this.#nextId(), kind: 'text', from, to, conversation, ...(expires === undefined ? {} : { expiresSeconds: expires }) };
  }

  async #comeAndGo(name: string): Promise<void> {
    const client = this.#named(name);
    const random = this.#options.random.fork(`ways of ${name}`);
    while (!this.#isSettling) {
      await client.register(random.chance(0.6) ? 3600 : 0);
      await delay(random.integer(longestStay));
    }
  }

  #nextId(): string {
    this.#written += 1;
    return `m${this.#written}`;
  }
}

function drawReaction(random: SeededRandom): Reaction {
  const draw = random.integer(100);
  if (draw < 80) return 'answers';
  if (draw < 88) return 'loses its answer';
  return draw < 94 ? 'is silent' : 'is busy';
}
