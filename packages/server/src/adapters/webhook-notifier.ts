import type { OutOfBandNotice, OutOfBandNotifier, UserId } from '@opencpm/cpm';
import type { Clock } from '@opencpm/sip';
import type { Directory } from '../core/directory.ts';
import type { Log, PostJson } from '../platform.ts';

export interface WebhookOptions {
  readonly url: string;
  /** After a notice that messages wait, further ones of that user say nothing new for so long. Milliseconds. */
  readonly quietMilliseconds: number;
}

export interface WebhookSurroundings {
  readonly postJson: PostJson;
  readonly directory: Pick<Directory, 'byOwner'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Notices that are on their way at once; what comes on top is dropped, because a notice is a courtesy. */
const maxUnderWay = 64;
/** Users whose last notice is remembered. */
const maxQuietUsers = 10_000;

/**
 * Tells users out of band (Appendix I) through an HTTP service of the operator, which has his push gateway or SMS: one
 * POST a notice, tried once. A body is {"event", "user", "identities", "messages"} with the fields of a deferred message.
 */
export class WebhookNotifier implements OutOfBandNotifier {
  readonly #options: WebhookOptions;
  readonly #surroundings: WebhookSurroundings;
  /** When the quiet time of a user ends. */
  readonly #quiet = new Map<UserId, number>();
  #underWay = 0;

  constructor(options: WebhookOptions, surroundings: WebhookSurroundings) {
    this.#options = options;
    this.#surroundings = surroundings;
  }

  notify(user: UserId, notice: OutOfBandNotice): void {
    const { clock, log } = this.#surroundings;
    if (notice.kind === 'waiting' && this.#isQuiet(user, clock.now())) return;
    if (this.#underWay >= maxUnderWay) {
      log.warn({ event: notice.kind }, 'A notice was dropped: too many are on their way.');
      return;
    }
    this.#underWay += 1;
    const over = (reason?: unknown) => {
      this.#underWay -= 1;
      if (reason !== undefined) log.warn({ event: notice.kind, reason: String(reason) }, 'A notice did not reach the webhook.');
    };
    this.#post(user, notice).then(() => over(), over);
  }

  async #post(user: UserId, { kind, message }: OutOfBandNotice): Promise<void> {
    const { postJson, directory } = this.#surroundings;
    const found = directory.byOwner(user);
    if (found === undefined) return;
    const identities = found.identities.map(({ uri }) => uri);
    const status = await postJson(this.#options.url, JSON.stringify({ event: kind, user: found.name, identities, messages: [message] }));
    if (status >= 300) throw new Error(`it answered ${status}`);
  }

  #isQuiet(user: UserId, now: number): boolean {
    if ((this.#quiet.get(user) ?? 0) > now) return true;
    this.#quiet.delete(user);
    const [oldest] = this.#quiet.keys();
    if (oldest !== undefined && this.#quiet.size >= maxQuietUsers) this.#quiet.delete(oldest);
    this.#quiet.set(user, now + this.#options.quietMilliseconds);
    return false;
  }
}
