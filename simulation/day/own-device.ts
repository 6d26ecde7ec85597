import type { ReceivedDisposition, ReceivedMessage } from '@opencpm/client';
import { type SimulatedClient, serverPort, type World } from '../world.ts';
import type { DayBook, Device } from './device.ts';
import { addressOf, type Behaviour, type DeviceName, type PlannedLine, type PlannedMessage, userOf } from './plan.ts';
import { idIn, type SentMessage, textOfMessage } from './record.ts';

/** Our own client. It always answers; what it is told of a behaviour does not reach it. */
export class OwnDevice implements Device {
  readonly name: DeviceName;
  readonly #world: World;
  readonly #book: DayBook;
  readonly #simulated: SimulatedClient;
  #last: ReceivedMessage | undefined;

  constructor(world: World, name: DeviceName, { transport }: PlannedLine, book: DayBook) {
    this.name = name;
    this.#world = world;
    this.#book = book;
    const handlers = {
      message: (received: ReceivedMessage) => this.#took(received),
      disposition: (told: ReceivedDisposition) => this.#learned(told),
    };
    const instanceId = `<urn:uuid:00000000-0000-4000-8000-0000000${name.length}5d4>`;
    this.#simulated = world.client(userOf(name), { instanceId, server: { transport, ...serverPort } }, handlers);
  }

  get address(): string {
    return this.#simulated.address;
  }

  async register(): Promise<void> {
    await this.#simulated.client.register();
  }

  async deregister(): Promise<void> {
    await this.#simulated.client.deregister();
  }

  behave(_as: Behaviour): void {
    // An application that runs takes what comes.
  }

  async send(message: PlannedMessage): Promise<void> {
    const tries: { sentAt: number; answeredAt?: number; status?: number }[] = [{ sentAt: this.#world.clock.now() }];
    const sent: SentMessage = { ...message, from: userOf(this.name), device: this.name, tries };
    this.#book.sent.push(sent);
    const outcome = await this.#simulated.client.send(addressOf(message.to), textOfMessage(message), {
      notifications: message.notifications,
      conversationId: `conversation-${userOf(this.name)}-${message.to}-${message.conversation}`,
      ...(message.expiresSeconds === undefined ? {} : { expiresSeconds: message.expiresSeconds }),
    });
    const [attempt] = tries;
    if (attempt === undefined || outcome.kind === 'unreachable' || outcome.kind === 'too-large') return;
    Object.assign(attempt, { status: outcome.status, answeredAt: this.#world.clock.now() });
    if (outcome.kind === 'accepted') this.#book.plannedIds.set(outcome.messageId, message.id);
  }

  async display(): Promise<void> {
    if (this.#last === undefined) return;
    const { messageId } = this.#last;
    if (messageId !== undefined) this.#book.notified.push({ device: this.name, about: messageId, status: 'displayed' });
    await this.#simulated.client.notifyDisplayed(this.#last);
  }

  #took(received: ReceivedMessage): void {
    this.#last = received;
    const { messageId } = received;
    const id = idIn(received.text ?? '');
    if (messageId !== undefined && id !== undefined) this.#book.plannedIds.set(messageId, id);
    this.#book.shown.push({ device: this.name, id: id ?? String(received.text), at: this.#world.clock.now(), names: undefined });
    if (messageId !== undefined && received.requestedNotifications.has('positive-delivery')) {
      this.#book.notified.push({ device: this.name, about: messageId, status: 'delivered' });
    }
  }

  #learned({ messageId, notification }: ReceivedDisposition): void {
    const at = this.#world.clock.now();
    this.#book.told.push({ device: this.name, about: messageId, status: notification.status, at, id: undefined, names: undefined });
  }
}
