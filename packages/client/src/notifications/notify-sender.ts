import { contentType, formatImdn, type ImdnNotification, rfc3339 } from '@opencpm/payloads';
import { anonymousUri } from '../cpm.ts';
import type { ClientEvent } from '../options.ts';
import type { NotificationOutcome, SendOutcome } from '../outcomes.ts';
import { addressUri } from '../own-identity.ts';
import type { Pauses } from '../pauses.ts';
import type { ReceivedMessage } from '../receiving/received.ts';
import { RecentEntries } from '../recent-entries.ts';
import { generateStandaloneMessage } from '../sending/generate-standalone-message.ts';
import { type PagerMessage, type Sending, sendPagerMessage } from '../sending/send-pager-message.ts';

/** Notifications that are remembered as sent. */
const rememberedNotifications = 10_000;
/** How often one is sent when the network does not take it. */
const attempts = 5;
/** After the first failure, in milliseconds; three times as long after each further one. */
const firstPauseMilliseconds = 5_000;

export type NotificationKind = 'delivery' | 'display';

const kinds = {
  delivery: { request: 'positive-delivery', notification: { kind: 'delivery', status: 'delivered' } },
  display: { request: 'display', notification: { kind: 'display', status: 'displayed' } },
} as const;

const imdnType = contentType('message/imdn+xml');

/** Tells senders what became of their messages (5.4.1, 5.4.2), once for each message and kind, and only when they asked. */
export class NotifySender {
  readonly #sending: Sending;
  readonly #pauses: Pauses;
  readonly #log: ((event: ClientEvent) => void) | undefined;
  readonly #sent = new RecentEntries<Promise<NotificationOutcome>>(rememberedNotifications);

  constructor(sending: Sending, pauses: Pauses, log: ((event: ClientEvent) => void) | undefined) {
    this.#sending = sending;
    this.#pauses = pauses;
    this.#log = log;
  }

  /** Asked for a second time it gives the outcome of the first. */
  notify(received: ReceivedMessage, kind: NotificationKind): Promise<NotificationOutcome> {
    const { from, messageId, requestedNotifications } = received;
    const { request, notification } = kinds[kind];
    if (messageId === undefined || !requestedNotifications.has(request)) {
      return Promise.resolve({ kind: 'not-requested', reason: `the sender did not ask for ${request}` });
    }
    const key = `${kind} ${from} ${messageId}`;
    const known = this.#sent.get(key);
    if (known !== undefined) return known;
    const outcome = this.#sendUntilTaken(this.#imdnMessage(received, messageId, notification));
    this.#sent.set(key, outcome);
    return outcome;
  }

  /** The same request body at each attempt, so that a recipient who had it knows it again. */
  async #sendUntilTaken(message: PagerMessage): Promise<SendOutcome> {
    let pauseMilliseconds = firstPauseMilliseconds;
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await sendPagerMessage(message, this.#sending);
      const reason = passingTrouble(outcome);
      if (reason === undefined || attempt === attempts) return outcome;
      this.#log?.({ kind: 'notification-retry', messageId: message.messageId, inMilliseconds: pauseMilliseconds, reason });
      if (!(await this.#pauses.pause(pauseMilliseconds))) return outcome;
      pauseMilliseconds *= 3;
    }
  }

  /** To the sender and the device that he wrote on; the ids are those of his message (decision 32). */
  #imdnMessage(received: ReceivedMessage, messageId: string, notification: ImdnNotification): PagerMessage {
    const { clock, identifiers } = this.#sending;
    const now = clock.now();
    const imdn = formatImdn({
      kind: 'imdn',
      messageId,
      dateTime: received.dateTime ?? rfc3339(now),
      recipientUri: received.to,
      notification,
    });
    const id = identifiers.messageId();
    const cpim = generateStandaloneMessage({
      from: anonymousUri,
      to: anonymousUri,
      dateTime: now,
      messageId: id,
      // Nobody asks for a notification of a notification (5.4).
      notifications: [],
      contentDisposition: 'notification',
      payload: { type: imdnType, octets: imdn },
    });
    const { conversationId = identifiers.uuid(), contributionId = identifiers.digits32(), senderDevice } = received;
    return { envelope: { to: addressUri(received.from), conversationId, contributionId, device: senderDevice }, cpim, messageId: id };
  }
}

/** In words, what may be better later; undefined for a success and for a refusal that will stay one. */
function passingTrouble(outcome: SendOutcome): string | undefined {
  if (outcome.kind === 'unreachable') return outcome.reason;
  return outcome.kind === 'refused' && outcome.status >= 500 && outcome.status < 600 ? `${outcome.status} ${outcome.reason}` : undefined;
}
