import type { RecentMessages } from '@opencpm/cpm';
import { Headers, type SipResponse } from '@opencpm/sip';

/** Upper bound of remembered messages, some 200 octets each. The oldest ones are forgotten first. */
const maxRemembered = 200_000;

interface Remembered {
  readonly answer: Promise<SipResponse>;
  readonly until: number;
}

/** Duplicate keys of messages relayed lately, in memory, and of stored ones as far as the database still knows them. */
export class RecentMessageTable implements RecentMessages {
  readonly #byKey = new Map<string, Remembered>();
  readonly #windowMilliseconds: number;

  constructor(windowMilliseconds: number) {
    this.#windowMilliseconds = windowMilliseconds;
  }

  find(key: string, now: number): Promise<SipResponse> | undefined {
    const remembered = this.#byKey.get(key);
    return remembered !== undefined && remembered.until > now ? remembered.answer : undefined;
  }

  /** Only what was accepted is a duplicate later: a refused message may be sent again. */
  remember(key: string, answer: Promise<SipResponse>, now: number): void {
    const remembered = { answer, until: now + this.#windowMilliseconds };
    this.#byKey.delete(key);
    this.#byKey.set(key, remembered);
    this.#forgetOldest();
    const forget = () => {
      if (this.#byKey.get(key) === remembered) this.#byKey.delete(key);
    };
    answer.then((response) => (response.status >= 300 ? forget() : undefined), forget);
  }

  /** A message that an earlier process stored: 202 was its answer. */
  rememberStored(key: string, until: number): void {
    this.#byKey.set(key, { answer: storedAnswer, until });
    this.#forgetOldest();
  }

  #forgetOldest(): void {
    if (this.#byKey.size <= maxRemembered) return;
    const oldest = this.#byKey.keys().next().value;
    if (oldest !== undefined) this.#byKey.delete(oldest);
  }
}

const storedAnswer: Promise<SipResponse> = Promise.resolve({
  kind: 'response',
  status: 202,
  reason: 'Accepted',
  headers: Headers.of(),
  body: new Uint8Array(0),
});
