import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { eventually } from './eventually.ts';

/** A TCP connection to the server under test; keeps what comes. */
export class TcpStream {
  readonly #socket: Socket;
  #text = '';
  #isClosed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (octets) => {
      this.#text += octets.toString('latin1');
    });
    // A server may reset a connection that carries garbage; that closes it, which is what is waited for.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#isClosed = true;
    });
  }

  static async connect(port: number): Promise<TcpStream> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new TcpStream(socket);
  }

  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }

  write(octets: string | Uint8Array): void {
    this.#socket.write(octets);
  }

  end(): void {
    this.#socket.destroy();
  }

  /** Everything that came, once that text is in it. */
  received(text: string): Promise<string> {
    return eventually(`"${text}" on the connection`, () => (this.#text.includes(text) ? this.#text : undefined), {
      seen: () => this.#text,
    });
  }

  /** Everything that came until the server closed the connection. */
  closed(): Promise<string> {
    return eventually('the server closes the connection', () => (this.#isClosed ? this.#text : undefined), { seen: () => this.#text });
  }
}
