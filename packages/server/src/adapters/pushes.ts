import { type Binding, type MessageUriId, type Pushes, pushDeferredMessages, type TerminatingContext, type UserId } from '@opencpm/cpm';
import { formatUri } from '@opencpm/sip';
import type { Log } from '../platform.ts';

/** Pushes under way, one per client; a client that registers again meanwhile is pushed to once more afterwards. */
export class RunningPushes implements Pushes {
  readonly #log: Log;
  /** By client; the binding is there when it has registered again meanwhile. */
  readonly #running = new Map<string, Binding | undefined>();
  /** By client and message: the contact that the message is on its way to. Lives no longer than a client transaction. */
  readonly #held = new Map<string, string>();
  #context: TerminatingContext | undefined;
  #stopped = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** The functions and the pushes call each other. */
  serveWith(context: TerminatingContext): void {
    this.#context = context;
  }

  request(owner: UserId, binding: Binding): void {
    const key = `${owner} ${binding.client}`;
    if (this.#stopped) return;
    if (this.#running.has(key)) {
      this.#running.set(key, binding);
      return;
    }
    this.#run(key, owner, binding).catch((error) =>
      this.#log.error({ where: 'push', reason: String(error) }, 'A push stopped at a fault.'),
    );
  }

  hold(id: MessageUriId, client: Binding, ended: Promise<unknown>): void {
    const key = `${client.owner} ${client.client} ${id}`;
    this.#held.set(key, formatUri(client.contact));
    const release = () => {
      this.#held.delete(key);
      const registered = this.#context?.ports.registrations.of(client.owner).find((binding) => binding.client === client.client);
      if (registered !== undefined && !registered.unreachable) this.request(client.owner, registered);
    };
    ended.then(release, release);
  }

  holds(id: MessageUriId, client: Binding): boolean {
    return this.#held.get(`${client.owner} ${client.client} ${id}`) === formatUri(client.contact);
  }

  stop(): void {
    this.#stopped = true;
  }

  async #run(key: string, owner: UserId, binding: Binding): Promise<void> {
    if (this.#context === undefined) throw new TypeError('the pushes have no functions yet');
    try {
      for (let next: Binding | undefined = binding; next !== undefined && !this.#stopped; next = this.#running.get(key)) {
        this.#running.set(key, undefined);
        await pushDeferredMessages(owner, next, this.#context);
      }
    } finally {
      this.#running.delete(key);
    }
  }
}
