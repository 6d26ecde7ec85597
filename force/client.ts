import { randomUUID } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Account } from '../interop/surroundings/server-process.ts';
import { addressOf, credentials, headerOf, okTo, requestText, statusOf, token } from '../interop/surroundings/sip-text.ts';
import type { Journal } from './journal.ts';
import { bodyOf, headersOf, type Message, type ReceivedMessage, readMessage } from './message.ts';
import { ClientTransaction } from './transaction.ts';

/** What a client does with a request. One that is lost is answered, and the answer does not arrive. */
export type Reaction = 'answers' | 'is silent' | 'is busy' | 'loses its answer';

export interface ClientOptions {
  readonly account: Account;
  readonly name: string;
  readonly server: { readonly host: string; readonly port: number };
  readonly journal: Journal;
  /** What it does with the next new request. */
  readonly react: () => Reaction;
  readonly nextId: () => string;
}

/** A request that came: what was answered, and so is answered again. */
interface Arrival {
  reaction: Reaction;
  isShown: boolean;
}

/** Before the whole message is sent again after a 503. Shorter than servers ask for, so that more of them meet a kill. */
const repeatMilliseconds = 500;
/** A challenge in answer to credentials says that they are stale; more in a row than this say that the password is wrong. */
const maxChallenges = 5;

/** A SIP client on a UDP socket of its own that knows RFC 3261 and shows whatever it answers with 200, as foreign ones do. */
export class Client {
  readonly name: string;
  readonly #options: ClientOptions;
  readonly #socket: Socket;
  readonly #instance = randomUUID();
  readonly #registration = token();
  readonly #transactions = new Map<string, ClientTransaction>();
  readonly #arrivals = new Map<string, Arrival>();
  readonly #writing = new Map<string, Promise<unknown>>();
  #sequence = 0;
  #isClosed = false;

  private constructor(options: ClientOptions, socket: Socket) {
    this.name = options.name;
    this.#options = options;
    this.#socket = socket;
    // A killed server refuses datagrams; that is what retransmissions are for.
    socket.on('error', () => undefined);
    socket.on('message', (octets, source) => this.#received(octets.toString('latin1'), source));
  }

  static async open(options: ClientOptions): Promise<Client> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    socket.setRecvBufferSize(4_194_304);
    return new Client(options, socket);
  }

  get user(): string {
    return this.#options.account.user;
  }

  /** Registers with digest, or ends that with 0 seconds. False when nobody answered, or not now (5xx); throws when it is refused. */
  async register(expiresSeconds = 3600): Promise<boolean> {
    const { account } = this.#options;
    const contact = `<sip:${account.user}@127.0.0.1:${this.#socket.address().port}>;+sip.instance="<urn:uuid:${this.#instance}>"`;
    const answer = await this.#authenticated({
      method: 'REGISTER',
      uri: addressOf('').replace('@', ''),
      to: addressOf(account.user),
      callId: this.#registration,
      headers: [`Contact: ${contact};+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg"`, `Expires: ${expiresSeconds}`],
    });
    const status = answer === undefined ? 0 : statusOf(answer);
    if (status >= 300 && status < 500) throw new Error(`REGISTER of ${account.user}: ${answer}`);
    return status === 200;
  }

  /** Sends it until it is accepted or refused for good: after a 503, a 500 or silence the whole of it again. */
  write(message: Message): void {
    this.#options.journal.written(message);
    const written = this.#untilAnswered(message).then(
      () => this.#writing.delete(message.id),
      (error: unknown) => this.#options.journal.broke(`${message.id} was not sent: ${error}`),
    );
    this.#writing.set(message.id, written);
  }

  /** How many messages have no answer yet. */
  get unanswered(): number {
    return this.#writing.size;
  }

  close(): void {
    this.#isClosed = true;
    for (const transaction of this.#transactions.values()) transaction.end(undefined);
    this.#socket.close();
  }

  get #home(): Pick<RemoteInfo, 'address' | 'port'> {
    const { host, port } = this.#options.server;
    return { address: host, port };
  }

  async #untilAnswered(message: Message): Promise<void> {
    const request = {
      method: 'MESSAGE',
      uri: addressOf(message.to),
      to: addressOf(message.to),
      headers: headersOf(message),
      body: bodyOf(message),
    };
    while (!this.#isClosed) {
      const sentAt = performance.now();
      const answer = await this.#authenticated({ ...request, callId: token() });
      const status = answer === undefined ? undefined : statusOf(answer);
      const answered = status === undefined ? {} : { status, answeredAt: performance.now() };
      this.#options.journal.tried(message.id, { sentAt, ...answered });
      if (status !== undefined && status < 500) return;
      await delay(repeatMilliseconds);
    }
  }

  /** Each try is a request of its own in the same call (RFC 3261 §22.1). */
  async #authenticated(request: Omit<Outgoing, 'from'>): Promise<string | undefined> {
    const { account } = this.#options;
    let shown: string[] = [];
    let answer: string | undefined;
    for (let challenges = 0; challenges <= maxChallenges; challenges += 1) {
      answer = await this.#exchange({ ...request, headers: [...request.headers, ...shown], from: addressOf(account.user) });
      if (answer === undefined || ![401, 407].includes(statusOf(answer))) return answer;
      shown = [credentials(answer, { account, method: request.method, uri: request.uri })];
    }
    return answer;
  }

  async #exchange(request: Outgoing): Promise<string | undefined> {
    this.#sequence += 1;
    const text = requestText({ ...request, cseq: this.#sequence, sentBy: `UDP 127.0.0.1:${this.#socket.address().port}` });
    const key = `${request.callId} ${this.#sequence}`;
    const transaction = new ClientTransaction(() => this.#send(text));
    this.#transactions.set(key, transaction);
    try {
      return await transaction.ended;
    } finally {
      this.#transactions.delete(key);
    }
  }

  #received(text: string, source: RemoteInfo): void {
    const status = statusOf(text);
    const sequence = Number.parseInt(headerOf(text, 'CSeq') ?? '', 10);
    if (status === 0) this.#takeRequest(text, source);
    else if (status >= 200) this.#transactions.get(`${headerOf(text, 'Call-ID')} ${sequence}`)?.end(text);
  }

  #takeRequest(text: string, source: RemoteInfo): void {
    const { journal, react } = this.#options;
    const message = readMessage(text);
    const names = namesOf(text);
    const before = this.#arrivals.get(names);
    if (message.isPushed) journal.moments.emit('push');
    const arrival = before ?? { reaction: react(), isShown: false };
    this.#arrivals.set(names, arrival);
    // Sent again, it is answered: only the first answer was lost, and who was silent has found the time.
    const mayChange = before !== undefined && arrival.reaction !== 'is busy' && !arrival.isShown;
    if (mayChange) arrival.reaction = react() === 'is silent' ? 'is silent' : 'answers';
    if (arrival.reaction === 'answers') this.#show(message, names, arrival);
    if (arrival.reaction === 'answers') this.#send(okTo(text), source);
    if (arrival.reaction === 'is busy') this.#send(okTo(text).replace('200 OK', '486 Busy Here'), source);
  }

  #show(message: ReceivedMessage, names: string, arrival: Arrival): void {
    if (arrival.isShown) return;
    arrival.isShown = true;
    const { journal } = this.#options;
    const shown = { client: this.name, at: performance.now(), names, isPushed: message.isPushed };
    if (message.notified?.status === 'failed') {
      journal.moments.emit('expiry');
      journal.failed(message.notified.about, shown);
      return;
    }
    // A system message tells of others and is none.
    if (message.id === undefined || !journal.isFor(message.id, this.user)) return;
    journal.shown(message.id, shown);
    if (message.asksForDelivery) this.#tellDelivered(message.id, message);
  }

  #tellDelivered(about: string, { from, conversation }: ReceivedMessage): void {
    this.write({ id: this.#options.nextId(), kind: 'delivered', from: this.user, to: from, conversation, about });
  }

  /** To its server, or to whom it answers. */
  #send(text: string, { address, port }: Pick<RemoteInfo, 'address' | 'port'> = this.#home): void {
    if (!this.#isClosed) this.#socket.send(Buffer.from(text, 'latin1'), port, address, () => undefined);
  }
}

interface Outgoing {
  readonly method: string;
  readonly uri: string;
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly headers: readonly string[];
  readonly body?: string;
}

/** What is the same in a retransmission, and in another request is not (RFC 3261 §8.2.2.2). */
function namesOf(request: string): string {
  const tag = /;tag=([^;\s]+)/.exec(headerOf(request, 'From') ?? '')?.[1];
  return `${headerOf(request, 'Call-ID')} ${headerOf(request, 'CSeq')} ${tag}`;
}
