import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/**
 * A UDP relay between one peer (the near side) and one server (the far side). Who registers through it is reached
 * through it, because a request to a client goes to the UDP source that it registered from.
 */
export interface RelayOptions {
  readonly far: { readonly host: string; readonly port: number };
  /** The address that the far side sees as the source: a trusted peer keeps its own. */
  readonly outsideHost: string;
  /** What leaves in place of each datagram; an empty list drops it. */
  readonly passing: (direction: Direction, octets: string) => readonly string[];
}

/** Outbound is from the near to the far side. */
export type Direction = 'outbound' | 'inbound';

export class Relay {
  readonly #options: RelayOptions;
  readonly #inside: Socket = createSocket('udp4');
  readonly #outside: Socket = createSocket('udp4');
  #near: { readonly host: string; readonly port: number } | undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  /** Opens both sockets; resolves with the port for the near side, on 127.0.0.1. */
  async open(): Promise<number> {
    this.#inside.on('message', (octets, source) => {
      this.#near = { host: source.address, port: source.port };
      this.#pass('outbound', octets);
    });
    this.#outside.on('message', (octets) => this.#pass('inbound', octets));
    this.#inside.bind(0, '127.0.0.1');
    this.#outside.bind(0, this.#options.outsideHost);
    await Promise.all([once(this.#inside, 'listening'), once(this.#outside, 'listening')]);
    return this.#inside.address().port;
  }

  /** Puts a datagram of the relay's own onto one side. */
  inject(direction: Direction, octets: string): void {
    const packet = Buffer.from(octets, 'latin1');
    if (direction === 'outbound') this.#outside.send(packet, this.#options.far.port, this.#options.far.host);
    else if (this.#near !== undefined) this.#inside.send(packet, this.#near.port, this.#near.host);
  }

  close(): void {
    this.#inside.close();
    this.#outside.close();
  }

  #pass(direction: Direction, octets: Buffer): void {
    for (const one of this.#options.passing(direction, octets.toString('latin1'))) this.inject(direction, one);
  }
}
