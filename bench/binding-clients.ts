import { createHash } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { domain } from '../interop/surroundings/server-process.ts';

export const password = 'bench-password';

/** Sockets that the clients share: each stands for one NAT or one machine with many clients. */
const sockets = 64;
const inFlight = 16;
const answerMilliseconds = 2000;
const attempts = 5;
const serviceTag = '+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg"';

export function userName(number: number): string {
  return `user${String(number).padStart(6, '0')}`;
}

/** Clients of many users: each registers with digest and a Contact as phones have it, and answers 200 to what it gets. */
export class BindingClients {
  readonly #server: { readonly host: string; readonly port: number };
  readonly #sockets: readonly Socket[];
  readonly #answers = new Map<string, (status: number, text: string) => void>();
  #nonce = '';
  #nonceCount = 0;
  #sequence = 0;

  static async open(server: { readonly host: string; readonly port: number }): Promise<BindingClients> {
    const opened = Array.from({ length: sockets }, () => createSocket('udp4'));
    for (const socket of opened) {
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
    }
    return new BindingClients(server, opened);
  }

  private constructor(server: { readonly host: string; readonly port: number }, opened: readonly Socket[]) {
    this.#server = server;
    this.#sockets = opened;
    for (const socket of opened) {
      socket.setRecvBufferSize(4_194_304);
      socket.on('message', (octets, from) => this.#received(octets.toString('latin1'), socket, from));
    }
  }

  /** Registers users of those numbers, each once; throws at the first that is refused. */
  registerAll(numbers: readonly number[]): Promise<void> {
    return this.#each(numbers, (number) => this.#register(number));
  }

  /** Sends one message to each, in the name of a user who is trusted; throws at the first that does not arrive. */
  messageAll(numbers: readonly number[]): Promise<void> {
    return this.#each(numbers, async (number) => {
      const status = await this.#exchange(number, (callId) => this.#message(number, callId));
      if (status !== 200) throw new Error(`a message to ${userName(number)} was answered ${status}`);
    });
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
  }

  async #each(numbers: readonly number[], work: (number: number) => Promise<void>): Promise<void> {
    const left = numbers.values();
    const next = async (): Promise<void> => {
      for (const number of left) await work(number);
    };
    await Promise.all(Array.from({ length: inFlight }, next));
  }

  async #register(number: number): Promise<void> {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const status = await this.#exchange(number, (callId) => this.#registration(number, callId));
      if (status === 200) return;
      if (status !== 401) throw new Error(`${userName(number)} got ${status} to his REGISTER`);
    }
    throw new Error(`${userName(number)} was asked for his password again and again`);
  }

  #exchange(number: number, compose: (callId: string) => string): Promise<number> {
    const callId = `${number}-${++this.#sequence}@bench`;
    const text = compose(callId);
    return new Promise((resolve, reject) => {
      let sent = 0;
      const send = () => {
        sent += 1;
        if (sent > attempts) reject(new Error(`no answer to ${text.slice(0, 40)}`));
        else this.#socketOf(number).send(text, this.#server.port, this.#server.host);
      };
      const again = setInterval(send, answerMilliseconds);
      this.#answers.set(callId, (status, response) => {
        clearInterval(again);
        this.#answers.delete(callId);
        if (status === 401) this.#challenged(response);
        resolve(status);
      });
      send();
    });
  }

  #socketOf(number: number): Socket {
    const socket = this.#sockets[number % sockets];
    if (socket === undefined) throw new RangeError('no such socket');
    return socket;
  }

  #received(text: string, socket: Socket, from: { readonly address: string; readonly port: number }): void {
    if (!text.startsWith('SIP/2.0 ')) {
      socket.send(okTo(text), from.port, from.address);
      return;
    }
    const status = Number(text.slice(8, 11));
    if (status >= 200) this.#answers.get(headerOf(text, 'Call-ID'))?.(status, text);
  }

  #challenged(response: string): void {
    const nonce = /nonce="([^"]+)"/.exec(response)?.[1] ?? '';
    if (nonce !== this.#nonce) this.#nonceCount = 0;
    this.#nonce = nonce;
  }

  #registration(number: number, callId: string): string {
    const address = `sip:${userName(number)}@${domain}`;
    const instance = `<urn:uuid:00000000-0000-4000-8000-${String(number).padStart(12, '0')}>`;
    const contact = `<sip:${userName(number)}@127.0.0.1:${this.#socketOf(number).address().port}>`;
    return this.#request('REGISTER', `sip:${domain}`, [
      `From: <${address}>;tag=${number}`,
      `To: <${address}>`,
      `Call-ID: ${callId}`,
      'CSeq: 1 REGISTER',
      `Contact: ${contact};+sip.instance="${instance}";${serviceTag}`,
      'Expires: 3600',
      'Supported: path, gruu',
      ...(this.#nonce === '' ? [] : [`Authorization: ${this.#credentials(userName(number))}`]),
    ]);
  }

  #credentials(user: string): string {
    this.#nonceCount += 1;
    const count = this.#nonceCount.toString(16).padStart(8, '0');
    const uri = `sip:${domain}`;
    const secret = sha256(`${user}:${domain}:${password}`);
    const response = sha256(`${secret}:${this.#nonce}:${count}:bench:auth:${sha256(`REGISTER:${uri}`)}`);
    const who = `username="${user}", realm="${domain}", nonce="${this.#nonce}", uri="${uri}"`;
    return `Digest ${who}, response="${response}", algorithm=SHA-256, cnonce="bench", qop=auth, nc=${count}`;
  }

  #message(number: number, callId: string): string {
    const body = `From: <sip:sender@${domain}>\r\nTo: <sip:${userName(number)}@${domain}>\r\nNS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: ${callId}\r\n\r\nContent-Type: text/plain\r\n\r\nOne of many.`;
    return this.#request(
      'MESSAGE',
      `sip:${userName(number)}@${domain}`,
      [
        `From: <sip:sender@${domain}>;tag=${number}`,
        `To: <sip:${userName(number)}@${domain}>`,
        `Call-ID: ${callId}`,
        'CSeq: 1 MESSAGE',
        `P-Asserted-Identity: <sip:sender@${domain}>`,
        `Accept-Contact: *;${serviceTag}`,
        'Conversation-ID: bench',
        `Contribution-ID: ${callId}`,
        'Content-Type: message/cpim',
      ],
      body,
    );
  }

  #request(method: string, uri: string, headers: readonly string[], body = ''): string {
    const via = `Via: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bKbench${++this.#sequence}`;
    const lines = [`${method} ${uri} SIP/2.0`, via, 'Max-Forwards: 70', ...headers, `Content-Length: ${body.length}`];
    return `${lines.join('\r\n')}\r\n\r\n${body}`;
  }
}

function okTo(request: string): string {
  const names = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].map((name) => `${name}: ${headerOf(request, name)}`);
  return `SIP/2.0 200 OK\r\n${names.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`;
}

function headerOf(text: string, name: string): string {
  const start = text.indexOf(`\r\n${name}: `) + name.length + 4;
  return text.slice(start, text.indexOf('\r\n', start));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
