import { createHash } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { domain } from '../interop/surroundings/server-process.ts';
import { headerOf, okTo, statusOf, token } from '../interop/surroundings/sip-text.ts';
import { password } from './binding-clients.ts';
import { addressOf, type MessageText } from './queue-message.ts';

/** Sockets that the clients share: each stands for one NAT. */
const sockets = 16;
/** T1, T2 and 64*T1 (RFC 3261 §17.1.2.1). */
const firstPauseMilliseconds = 500;
const longestPauseMilliseconds = 4000;
const patienceMilliseconds = 32_000;
/** How often one is refused for the moment before he gives up. */
const maxRefusals = 20;
const serviceTag = '+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg"';

/** What a transaction without an answer tells (RFC 3261 §8.1.3.1). */
const noAnswer = 'SIP/2.0 408 Request Timeout\r\n';

/** A message that came to a client, at `performance.now()`. */
export interface Arrival {
  readonly user: string;
  readonly messageId: string;
  /** Another one is another request, not the same sent again. */
  readonly callId: string;
  readonly at: number;
}

interface Outcome {
  readonly status: number;
  readonly response: string;
}

/** Clients of many users, which register with digest as phones do, answer 200 to what they get and send again what is not answered. */
export class QueueClients {
  readonly #server: { readonly host: string; readonly port: number };
  readonly #sockets: readonly Socket[];
  readonly #answers = new Map<string, (response: string) => void>();
  /** Called for each request with a message that waited or was relayed; not for notifications. */
  onMessage: (arrival: Arrival) => void = () => undefined;
  /** Called for each notification; the Message-ID is that of the message that it is about. */
  onNotification: (arrival: Arrival) => void = () => undefined;
  /** Sendings again, answers 503 to REGISTER, and REGISTERs without an answer. */
  readonly troubles = { resent: 0, refused: 0, unanswered: 0 };

  static async open(server: { readonly host: string; readonly port: number }): Promise<QueueClients> {
    const opened = Array.from({ length: sockets }, () => createSocket('udp4'));
    for (const socket of opened) {
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
      socket.setRecvBufferSize(4_194_304);
    }
    return new QueueClients(server, opened);
  }

  private constructor(server: { readonly host: string; readonly port: number }, opened: readonly Socket[]) {
    this.#server = server;
    this.#sockets = opened;
    for (const socket of opened) socket.on('message', (octets, from) => this.#received(octets.toString('latin1'), socket, from));
  }

  /** Registers the user's client, or ends that by `expires` 0; resolves with the time of the 200. Waits and tries again when told to. */
  async register(user: string, expires = 3600): Promise<number> {
    const callId = token();
    let challenge: string | undefined;
    for (let sequence = 1, refusals = 0; refusals < maxRefusals; sequence += 1) {
      const credentials = challenge === undefined ? [] : [authorization(user, challenge)];
      const { status, response } = await this.#exchange(user, this.#registration(user, { callId, sequence, expires, credentials }));
      if (status === 200) return performance.now();
      if (status === 401) {
        challenge = response;
        continue;
      }
      this.#count(status, user);
      refusals += 1;
      await pause(Number(headerOf(response, 'Retry-After') ?? '1') * 1000);
    }
    throw new Error(`${user} was refused again and again`);
  }

  /** The status of the final answer; 408 when there was none. */
  async send(from: string, to: string, { headers, body }: MessageText, expires?: number): Promise<number> {
    const lines = [
      ...this.#dialogLines(from, to, token()),
      'CSeq: 1 MESSAGE',
      ...(expires === undefined ? [] : [`Expires: ${expires}`]),
      ...headers,
    ];
    return (await this.#exchange(from, { line: `MESSAGE ${addressOf(to)} SIP/2.0`, lines, body })).status;
  }

  close(): void {
    for (const answer of [...this.#answers.values()]) answer(noAnswer);
    for (const socket of this.#sockets) socket.close();
  }

  #count(status: number, user: string): void {
    if (status === 503) this.troubles.refused += 1;
    else if (status === 408) this.troubles.unanswered += 1;
    else throw new Error(`${user} got ${status} to his REGISTER`);
  }

  #dialogLines(from: string, to: string, callId: string): readonly string[] {
    return [`From: <${addressOf(from)}>;tag=${token()}`, `To: <${addressOf(to)}>`, `Call-ID: ${callId}`];
  }

  #registration(user: string, { callId, sequence, expires, credentials }: Registration): Request {
    const lines = [
      ...this.#dialogLines(user, user, callId),
      `CSeq: ${sequence} REGISTER`,
      `Contact: <sip:${user}@127.0.0.1:${this.#socketOf(user).address().port}>;${serviceTag}`,
      `Expires: ${expires}`,
      'Supported: path',
      ...credentials,
    ];
    return { line: `REGISTER sip:${domain} SIP/2.0`, lines, body: '' };
  }

  #exchange(user: string, { line, lines, body }: Request): Promise<Outcome> {
    const branch = `z9hG4bK${token()}`;
    const socket = this.#socketOf(user);
    const via = `Via: SIP/2.0/UDP 127.0.0.1:${socket.address().port};rport;branch=${branch}`;
    const text = `${[line, via, 'Max-Forwards: 70', ...lines, `Content-Length: ${body.length}`].join('\r\n')}\r\n\r\n${body}`;
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const stop = sendUntilStopped(
      () => socket.send(text, this.#server.port, this.#server.host),
      (isLast) => {
        if (isLast) this.#answers.get(branch)?.(noAnswer);
        else this.troubles.resent += 1;
      },
    );
    this.#answers.set(branch, (response) => {
      stop();
      this.#answers.delete(branch);
      resolve({ status: statusOf(response), response });
    });
    return promise;
  }

  /** A user is always behind the same one. */
  #socketOf(user: string): Socket {
    const socket = this.#sockets[Number(user.slice(-6)) % sockets];
    if (socket === undefined) throw new RangeError('no such socket');
    return socket;
  }

  #received(text: string, socket: Socket, from: { readonly address: string; readonly port: number }): void {
    if (!text.startsWith('SIP/2.0 ')) {
      socket.send(okTo(text), from.port, from.address);
      this.#arrived(text);
    } else if (statusOf(text) >= 200) {
      this.#answers.get(/;branch=([^;\s]+)/.exec(text)?.[1] ?? '')?.(text);
    }
  }

  #arrived(text: string): void {
    const about = /<message-id>([^<]+)<\/message-id>/.exec(text)?.[1];
    const own = /^imdn\.Message-ID: (.*)\r$/m.exec(text)?.[1] ?? '';
    const user = /^MESSAGE sip:([^@]+)@/.exec(text)?.[1] ?? '';
    const arrival = { user, messageId: about ?? own, callId: headerOf(text, 'Call-ID') ?? '', at: performance.now() };
    if (about === undefined) this.onMessage(arrival);
    else this.onNotification(arrival);
  }
}

interface Request {
  readonly line: string;
  readonly lines: readonly string[];
  readonly body: string;
}

interface Registration {
  readonly callId: string;
  readonly sequence: number;
  readonly expires: number;
  readonly credentials: readonly string[];
}

/** Sends now and at the times of Timer E; `tell` is told of each further sending, and when it was the last. Returns how to stop. */
function sendUntilStopped(send: () => void, tell: (isLast: boolean) => void): () => void {
  const began = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const sendAndWait = (milliseconds: number) => {
    send();
    timer = setTimeout(() => {
      const isLast = performance.now() - began > patienceMilliseconds;
      tell(isLast);
      if (!isLast) sendAndWait(Math.min(2 * milliseconds, longestPauseMilliseconds));
    }, milliseconds);
  };
  sendAndWait(firstPauseMilliseconds);
  return () => clearTimeout(timer);
}

function authorization(user: string, challenge: string): string {
  const nonce = /nonce="([^"]+)"/.exec(challenge)?.[1] ?? '';
  const uri = `sip:${domain}`;
  const response = sha256(`${sha256(`${user}:${domain}:${password}`)}:${nonce}:00000001:bench:auth:${sha256(`REGISTER:${uri}`)}`);
  const who = `username="${user}", realm="${domain}", nonce="${nonce}", uri="${uri}"`;
  return `Authorization: Digest ${who}, response="${response}", algorithm=SHA-256, cnonce="bench", qop=auth, nc=00000001`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
