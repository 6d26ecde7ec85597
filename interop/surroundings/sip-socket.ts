import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { eventually } from './eventually.ts';
import type { Account } from './server-process.ts';
import { addressOf, credentials, headerOf, okTo, type RequestText, requestText, statusOf, token } from './sip-text.ts';

const resendMilliseconds = 500;
const answerMilliseconds = 8000;

/** A UDP socket that speaks just enough SIP: sends what it is told, keeps what it gets, answers requests, by 200 if nobody says otherwise. */
export class SipSocket {
  readonly #socket: Socket;
  readonly #server: { readonly host: string; readonly port: number };
  readonly #answerTo: (request: string) => string;
  readonly #requests: string[] = [];
  readonly #waiting = new Map<string, (response: string) => void>();

  private constructor(socket: Socket, server: { readonly host: string; readonly port: number }, answerTo: (request: string) => string) {
    this.#socket = socket;
    this.#answerTo = answerTo;
    this.#server = server;
    socket.on('message', (octets, source) => this.#received(octets.toString('latin1'), source));
  }

  static async open(server: { readonly host: string; readonly port: number }, answerTo = okTo): Promise<SipSocket> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    socket.setRecvBufferSize(4_194_304);
    return new SipSocket(socket, server, answerTo);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  get sentBy(): string {
    return `UDP 127.0.0.1:${this.port}`;
  }

  /** Requests that came, in the order of their coming, copies included. */
  get requests(): readonly string[] {
    return this.#requests;
  }

  sendRaw(text: string | Uint8Array): void {
    this.#socket.send(typeof text === 'string' ? Buffer.from(text, 'latin1') : text, this.#server.port, this.#server.host);
  }

  /** Sends until there is a final answer, and gives that. */
  async request(parts: Omit<RequestText, 'sentBy'>): Promise<string> {
    const callId = parts.callId ?? token();
    const cseq = parts.cseq ?? 1;
    const text = requestText({ ...parts, callId, cseq, sentBy: this.sentBy });
    const key = `${callId} ${cseq}`;
    const again = setInterval(() => this.sendRaw(text), resendMilliseconds);
    const answer = this.#answer(key, parts.method);
    this.sendRaw(text);
    try {
      return await answer;
    } finally {
      clearInterval(again);
      this.#waiting.delete(key);
    }
  }

  /** Registers this socket as a CPM client of the user; `expires` 0 ends that. Throws unless 200 comes. */
  async register(account: Account, expires = 3600): Promise<void> {
    const answer = await this.tryToRegister(account, expires);
    if (statusOf(answer) !== 200) throw new Error(`REGISTER of ${account.user}: ${answer}`);
  }

  /** The answer to REGISTER after the challenge was answered with that password. */
  async tryToRegister(account: Account, expires = 3600): Promise<string> {
    const uri = addressOf('').replace('@', '');
    const callId = token();
    const headers = [
      `Contact: <sip:${account.user}@127.0.0.1:${this.port}>;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg"`,
      `Expires: ${expires}`,
      'Supported: path',
    ];
    const parts = { method: 'REGISTER', uri, from: addressOf(account.user), to: addressOf(account.user), callId };
    const challenge = await this.request({ ...parts, headers });
    if (statusOf(challenge) !== 401) return challenge;
    return this.request({ ...parts, cseq: 2, headers: [...headers, credentials(challenge, { account, method: 'REGISTER', uri })] });
  }

  close(): void {
    this.#socket.close();
  }

  #answer(key: string, method: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(
        () => reject(new Error(`no answer to ${method} within ${answerMilliseconds / 1000} s`)),
        answerMilliseconds,
      );
      this.#waiting.set(key, (response) => {
        clearTimeout(deadline);
        resolve(response);
      });
    });
  }

  #received(text: string, source: { readonly address: string; readonly port: number }): void {
    const status = statusOf(text);
    if (status === 0) this.#takeRequest(text, source);
    else if (status >= 200) this.#takeResponse(text);
  }

  #takeRequest(text: string, source: { readonly address: string; readonly port: number }): void {
    this.#requests.push(text);
    this.#socket.send(this.#answerTo(text), source.port, source.address);
  }

  #takeResponse(text: string): void {
    const key = `${headerOf(text, 'Call-ID')} ${Number.parseInt(headerOf(text, 'CSeq') ?? '', 10)}`;
    this.#waiting.get(key)?.(text);
  }
}

/** Waits for a request that holds that text. */
export function requestWith(socket: SipSocket, text: string): Promise<string> {
  return eventually(`a request with "${text}"`, () => socket.requests.find((request) => request.includes(text)), {
    seen: () => socket.requests.join('\n'),
  });
}
