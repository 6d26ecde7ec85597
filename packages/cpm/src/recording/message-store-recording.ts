import type { SipRequest } from '@opencpm/sip';
import type { AnsweringFunction } from '../common/answers.ts';
import { positiveDeliveryNotification } from '../common/disposition/notification-of-function.ts';
import type { UserId } from '../common/identifiers.ts';
import { readStandaloneMessage } from '../common/standalone-message.ts';
import type { Clock, Diagnostics, Ids, MessageStore, Outbox, OwedRequest, Recording, RecordingOutcome } from '../ports.ts';
import { type MessageDirection, messageObject, withoutDeliveryRequest } from './message-object.ts';

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

  constructor(context: RecordingContext) {
    this.#context = context;
  }

  /** Record CPM Standalone Message (A-8.5.1-01, -02): the whole message is stored, and its UID comes back. */
  record(user: UserId, request: SipRequest, direction: MessageDirection): Promise<RecordingOutcome> {
    return this.#store(user, request, { direction, owed: [] });
  }

  /** B-8.3.1.1-09 to -11: without the delivery request, which is answered in one commit with the storing. */
  store(user: UserId, request: SipRequest): Promise<RecordingOutcome> {
    const { ports } = this.#context;
    const now = ports.clock.now();
    const notified = { owner: user, recipientUri: request.uri, message: readStandaloneMessage(request), arrivedAt: now };
    const owed = positiveDeliveryNotification(notified, now, this.#context);
    return this.#store(user, withoutDeliveryRequest(request), { direction: 'received', owed: owed === undefined ? [] : [owed] });
  }

  /** B-8.3.1.1-28. The UID is burnt (decision 30). */
  async remove(user: UserId, uid: number): Promise<void> {
    const removed = await this.#context.ports.messageStore.remove(user, uid);
    if (typeof removed === 'object') this.#context.ports.diagnostics.fault('remove a recorded message', removed.reason);
  }

  async #store(
    owner: UserId,
    request: SipRequest,
    { direction, owed }: { readonly direction: MessageDirection; readonly owed: readonly OwedRequest[] },
  ): Promise<RecordingOutcome> {
    const { ports, self } = this.#context;
    const objectId = `${ports.ids.unique()}@${self.host}`;
    const stored = await ports.messageStore.store(messageObject({ owner, request, direction, at: ports.clock.now(), objectId }), owed);
    if (stored.kind === 'stored') {
      if (owed.length > 0) ports.outbox.wake();
      return { kind: 'recorded', uid: stored.uid };
    }
    const reason = stored.kind === 'full' ? 'the message store of the user is full' : stored.reason;
    ports.diagnostics.fault('record a message', reason);
    return { kind: 'failed', reason };
  }
}
