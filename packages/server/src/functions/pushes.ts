import { type Binding, type Pushes, pushDeferredMessages, type TerminatingContext, type UserId } from '@opencpm/cpm';
import type { Log } from '../platform.ts';

/** Pushes under way, one per client; a client that registers again meanwhile is pushed to once more afterwards. */
export class RunningPushes implements Pushes {
  readonly #log: Log;
  readonly #running = new Map<string, 'once' | 'again'>();
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
      this.#running.set(key, 'again');
      return;
    }
    this.#run(key, owner, binding).catch((error) =>
      this.#log.error({ where: 'push', reason: String(error) }, 'A push stopped at a fault.'),
    );
  }

  stop(): void {
    this.#stopped = true;
  }

  async #run(key: string, owner: UserId, binding: Binding): Promise<void> {
    if (this.#context === undefined) throw new TypeError('the pushes have no functions yet');
    try {
      do {
        this.#running.set(key, 'once');
        await pushDeferredMessages(owner, binding, this.#context);
      } while (this.#running.get(key) === 'again' && !this.#stopped);
    } finally {
      this.#running.delete(key);
    }
  }
}
