import type { SipRequest } from '@opencpm/sip';
import type { AnsweringFunction } from '../common/answers.ts';
import { positiveDeliveryNotification } from '../common/disposition/notification-of-function.ts';
import type { UserId } from '../common/identifiers.ts';
import { readStandaloneMessage } from '../common/standalone-message.ts';
import type { Clock, Diagnostics, Ids, MessageStore, Outbox, OwedRequest, Recording, RecordingOutcome, StoringOutcome } from '../ports.ts';
import { type MessageDirection, messageObject, withoutDeliveryRequest } from './message-object.ts';
import { RecordedCopies } from './recorded-copies.ts';

export interface RecordingContext {
  readonly ports: {
    readonly messageStore: MessageStore;
    readonly outbox: Outbox;
    readonly clock: Clock;
    readonly ids: Ids;
    readonly diagnostics: Diagnostics;
  };
  readonly self: AnsweringFunction;
}

/** Record CPM Conversation History (8.5) for pager-mode standalone messages, in the user's own message store. */
export class MessageStoreRecording implements Recording {
  readonly #context: RecordingContext;
  readonly #copies: RecordedCopies;

  constructor(context: RecordingContext) {
    const { messageStore, diagnostics } = context.ports;
    this.#context = context;
    this.#copies = new RecordedCopies(messageStore, ({ reason }) => diagnostics.fault('remove a recorded message', reason));
  }

  /** Record CPM Standalone Message (A-8.5.1-01, -02): the whole message is stored, and its UID comes back. */
  record(user: UserId, request: SipRequest, direction: MessageDirection): Promise<RecordingOutcome> {
    return this.#store(user, request, { direction, owed: [] });
  }

  /** B-8.3.1.1-09 to -11: without the delivery request, which is answered in one commit with the storing. */
  async store(user: UserId, request: SipRequest): Promise<StoringOutcome> {
    const { ports } = this.#context;
    const now = ports.clock.now();
    const notified = { owner: user, recipientUri: request.uri, message: readStandaloneMessage(request), arrivedAt: now };
    const owed = positiveDeliveryNotification(notified, now, this.#context);
    const recorded = await this.#store(user, withoutDeliveryRequest(request), {
      direction: 'received',
      owed: owed === undefined ? [] : [owed],
    });
    if (recorded.kind !== 'recorded') return recorded;
    recorded.copy.keep();
    return { kind: 'stored' };
  }

  async #store(
    owner: UserId,
    request: SipRequest,
    { direction, owed }: { readonly direction: MessageDirection; readonly owed: readonly OwedRequest[] },
  ): Promise<RecordingOutcome> {
    const { ports, self } = this.#context;
    const objectId = `${ports.ids.unique()}@${self.host}`;
    const recorded = await this.#copies.record(messageObject({ owner, request, direction, at: ports.clock.now(), objectId }), owed);
    if (recorded.kind === 'recorded') {
      if (owed.length > 0) ports.outbox.wake();
      return recorded;
    }
    const reason = recorded.kind === 'full' ? 'the message store of the user is full' : recorded.reason;
    ports.diagnostics.fault('record a message', reason);
    return { kind: 'failed', reason };
  }
}
