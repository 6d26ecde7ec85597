import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Address } from './sip-socket.ts';

/**
 * What a server is configured to speak to beside its clients: an ISF and a webhook. One server serves many runs at a
 * time, so each datagram and each notice goes to the run that has taken the user whom it is about.
 */
export class Neighbours {
  readonly #isf: Socket = createSocket('udp4');
  readonly #webhook: Server = createServer((incoming, response) => this.#takePost(incoming, response));
  readonly #isfs = new Map<string, Address>();
  readonly #readers = new Map<string, (octets: string) => void>();

  /** Opens both for the server at that address; its ISF and the URL of its webhook come back. */
  async open(server: Address): Promise<{ readonly isf: string; readonly webhook: string }> {
    this.#isf.on('message', (octets, source) => {
      const to = source.port === server.port ? this.#isfFor(octets.toString('latin1')) : server;
      if (to !== undefined) this.#isf.send(octets, to.port, to.host);
    });
    this.#isf.bind(0, '127.0.0.1');
    this.#webhook.listen(0, '127.0.0.1');
    await Promise.all([once(this.#isf, 'listening'), once(this.#webhook, 'listening')]);
    const bound = this.#webhook.address();
    if (bound === null || typeof bound === 'string') throw new TypeError('a TCP server has an address and a port');
    return { isf: this.isf, webhook: `http://127.0.0.1:${bound.port}/notice` };
  }

  /** Its SIP URI, once it is open. */
  get isf(): string {
    return `sip:127.0.0.1:${this.#isf.address().port}`;
  }

  close(): void {
    this.#isf.close();
    this.#webhook.close();
    this.#webhook.closeAllConnections();
  }

  /** Messages to that user that are interworked go there. */
  interworkAt(user: string, isf: Address): void {
    this.#isfs.set(user, isf);
  }

  /** Notices to that user, each as a whole HTTP request, one character per octet. */
  readNotices(user: string, read: (octets: string) => void): void {
    this.#readers.set(user, read);
  }

  #isfFor(octets: string): Address | undefined {
    const user = /^[A-Z]+ sip:([^@\s]+)@/.exec(octets)?.[1];
    return user === undefined ? undefined : this.#isfs.get(user);
  }

  #takePost(incoming: IncomingMessage, response: ServerResponse): void {
    let body = '';
    incoming.setEncoding('latin1').on('data', (chunk: string) => {
      body += chunk;
    });
    incoming.on('end', () => {
      response.writeHead(204).end();
      const read = this.#readers.get(String(Reflect.get(Object(JSON.parse(body)), 'user')));
      read?.(`${incoming.method} ${incoming.url} HTTP/1.1\r\n${headerLines(incoming.rawHeaders)}\r\n${body}`);
    });
  }
}

/** Names and values take turns in `rawHeaders`. */
function headerLines(raw: readonly string[]): string {
  return raw.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('');
}
