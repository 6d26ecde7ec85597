import { CoreLink } from './core/core-link.ts';
import { DigestAnswers, type DigestUser } from './core/digest-answers.ts';
import { anonymousUri } from './cpm.ts';
import { type Identifiers, identifiers } from './identifiers.ts';
import { NotifySender } from './notifications/notify-sender.ts';
import type { ClientOptions } from './options.ts';
import type { NotificationOutcome, RegistrationOutcome, SendOutcome } from './outcomes.ts';
import { addressUri, type OwnIdentity, ownIdentity } from './own-identity.ts';
import { Pauses } from './pauses.ts';
import type { ClientPlatform } from './platform.ts';
import { ReceiveRequests } from './receiving/receive-requests.ts';
import type { ClientHandlers, ReceivedMessage } from './receiving/received.ts';
import { Registration } from './registration/registration.ts';
import { generateStandaloneMessage } from './sending/generate-standalone-message.ts';
import { type OutgoingContent, payloadOf, type SendOptions } from './sending/outgoing.ts';
import { type Sending, sendPagerMessage } from './sending/send-pager-message.ts';

const defaultExpiresSeconds = 3600;
const defaultNotifications = ['positive-delivery', 'negative-delivery', 'display'] as const;

/**
 * A CPM Client: one user on one device, registered at one server. It opens its sockets when it first needs them. What
 * goes wrong on the way is an outcome; a rejection is a fault of the caller, such as an address that is none.
 */
export class CpmClient {
  readonly #platform: ClientPlatform;
  readonly #options: ClientOptions;
  readonly #own: OwnIdentity;
  readonly #identifiers: Identifiers;
  readonly #sending: Sending;
  readonly #pauses: Pauses;
  readonly #registration: Registration;
  readonly #receiveRequests: ReceiveRequests;
  readonly #notifySender: NotifySender;
  #opening: Promise<CoreLink> | undefined;
  #link: CoreLink | undefined;
  #closed = false;

  /** Opens nothing yet. Throws a TypeError when the identity is no address. */
  constructor(platform: ClientPlatform, options: ClientOptions, handlers: ClientHandlers) {
    const { clock, random, hashes } = platform;
    this.#platform = platform;
    this.#options = options;
    this.#identifiers = identifiers(random);
    this.#own = ownIdentity(options, this.#identifiers);
    this.#pauses = new Pauses(clock);
    const common = { own: this.#own, clock, identifiers: this.#identifiers, link: () => this.#open() };
    const user: DigestUser = { username: this.#own.username, secret: options, hashes, identifiers: this.#identifiers };
    this.#sending = { ...common, digest: new DigestAnswers(user) };
    this.#notifySender = new NotifySender(this.#sending, this.#pauses, options.log);
    this.#registration = new Registration({
      ...common,
      random,
      services: options.services ?? ['msg', 'deferred'],
      expiresSeconds: options.registrationExpiresSeconds ?? defaultExpiresSeconds,
      digest: new DigestAnswers(user),
      changed: (state) => handlers.registration?.(state),
      log: options.log,
    });
    this.#receiveRequests = new ReceiveRequests({
      ...{ own: this.#own, identifiers: this.#identifiers, options, handlers },
      server: () => this.#link?.server,
      shown: (message) => this.#shown(message),
    });
  }

  /** Registers now and stays so, refreshing by itself, until `deregister` or `close`. A first attempt that fails is not repeated. */
  register(): Promise<RegistrationOutcome> {
    return this.#registration.register();
  }

  deregister(): Promise<RegistrationOutcome> {
    return this.#registration.deregister();
  }

  /** Sends to one recipient, a sip or tel URI. It takes no registration, but notifications come to a registered client only. */
  async send(to: string, content: OutgoingContent, options: SendOptions = {}): Promise<SendOutcome> {
    const { conversationId = this.#identifiers.uuid(), inReplyToContributionId, subject, expiresSeconds, anonymous, replyTo } = options;
    const recipient = addressUri(to);
    const messageId = this.#identifiers.messageId();
    const cpim = generateStandaloneMessage({
      from: anonymous ? anonymousUri : this.#own.text,
      to,
      dateTime: this.#platform.clock.now(),
      messageId,
      notifications: options.notifications ?? defaultNotifications,
      subject,
      payload: payloadOf(content),
    });
    const envelope = {
      to: recipient,
      conversationId,
      contributionId: this.#identifiers.digits32(),
      inReplyToContributionId,
      replyTo: replyTo === undefined ? undefined : addressUri(replyTo),
      expiresSeconds,
      anonymous,
    };
    return sendPagerMessage({ envelope, cpim, messageId, signal: options.signal }, this.#sending);
  }

  /** Answers in the same conversation, to Reply-To, else to the authenticated originator (A-7.2.1.1-09, -15, -17). */
  reply(received: ReceivedMessage, content: OutgoingContent, options: SendOptions = {}): Promise<SendOutcome> {
    const { from, replyTo = from, conversationId, contributionId } = received;
    return this.send(replyTo, content, {
      ...(conversationId === undefined ? {} : { conversationId }),
      ...(contributionId === undefined ? {} : { inReplyToContributionId: contributionId }),
      ...options,
    });
  }

  /** Tells the sender that the message has arrived. With automatic delivery notifications nobody needs to call it. */
  notifyDelivered(received: ReceivedMessage): Promise<NotificationOutcome> {
    return this.#notifySender.notify(received, 'delivery');
  }

  /** Tells the sender that the message was displayed; behind the delivery notification when that one is automatic. */
  async notifyDisplayed(received: ReceivedMessage): Promise<NotificationOutcome> {
    if (this.#isAutomatic) await this.notifyDelivered(received);
    return this.#notifySender.notify(received, 'display');
  }

  /** Ends timers, waiting requests and sockets. Does not de-register. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#registration.stop();
    this.#pauses.close();
    // A link that could not be opened needs no closing; who asked for it was told.
    const link = await this.#opening?.catch(() => undefined);
    await link?.close();
  }

  get #isAutomatic(): boolean {
    return this.#options.deliveryNotifications !== 'manual';
  }

  /** The answer has gone out before this is called, and so before a notification of it can. */
  #shown(message: ReceivedMessage): void {
    if (this.#isAutomatic) void this.notifyDelivered(message);
  }

  #open(): Promise<CoreLink> {
    if (this.#closed) return Promise.reject(new Error('the client is closed'));
    this.#opening ??= this.#openLink();
    return this.#opening;
  }

  async #openLink(): Promise<CoreLink> {
    try {
      this.#link = await CoreLink.open(this.#platform, this.#options, {
        onRequest: (transaction) => this.#receiveRequests.receive(transaction),
        flowLost: (reason) => this.#registration.flowLost(reason),
      });
      return this.#link;
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }
}
