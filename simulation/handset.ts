import type { SipResponse } from '@opencpm/sip';
import { viaHeader } from '@opencpm/sip';
import type { Received, RequestTemplate } from '@opencpm/testkit';
import { Phone, type PhoneOptions } from './phone.ts';

/** Timers E and F of RFC 3261 §17.1.2. Milliseconds. */
const firstPause = 500;
const longestPause = 4000;
const giveUpAfter = 32_000;

/**
 * A phone that lives on the world's clock by itself: several requests of it may be under way at once, and nobody has to
 * run the clock for each. What it hears comes through `heard`, which its peer is to be given.
 */
export class Handset extends Phone {
  readonly #handset: PhoneOptions;
  readonly #waiting = new Map<string, (response: SipResponse) => void>();

  constructor(options: PhoneOptions) {
    super(options);
    this.#handset = options;
  }

  heard({ message }: Received): void {
    if (message?.kind !== 'response' || message.status < 200) return;
    const branch = message.headers.value(viaHeader)?.branch;
    if (branch !== undefined) this.#waiting.get(branch)?.(message);
  }

  /** One request and its final answer. Rejects when none comes in time. */
  override exchange(template: RequestTemplate, how: { readonly limitMilliseconds?: number } = {}): Promise<SipResponse> {
    const { clock, server } = this.#handset;
    const names = this.peer.send(template, server);
    const limit = clock.now() + (how.limitMilliseconds ?? giveUpAfter);
    return new Promise((resolve, reject) => {
      let pause = firstPause;
      let cancel: () => void = () => undefined;
      const end = () => {
        cancel();
        this.#waiting.delete(names.branch);
      };
      const again = () => {
        if (clock.now() >= limit) {
          end();
          reject(new Error(`no answer to ${template.method} ${template.uri}`));
          return;
        }
        this.peer.send({ ...template, ...names }, server);
        pause = Math.min(pause * 2, longestPause);
        cancel = clock.wakeAt(Math.min(clock.now() + pause, limit), again);
      };
      this.#waiting.set(names.branch, (response) => {
        end();
        resolve(response);
      });
      cancel = clock.wakeAt(clock.now() + pause, again);
    });
  }
}
