import type { Flow, HostPort, SipResponse, TransportName } from '@opencpm/sip';
import { viaHeader } from '@opencpm/sip';
import type { Received, RequestTemplate } from '@opencpm/testkit';
import { Phone, type PhoneOptions } from './phone.ts';

/** Timers E and F of RFC 3261 §17.1.2. Milliseconds. */
const firstPause = 500;
const longestPause = 4000;
const giveUpAfter = 32_000;
/** RFC 3261 §18.1.1. */
const longestDatagram = 1300;
/** About what a request has beside the headers and the body of its template. Octets. */
const usualHeaders = 450;

export interface HandsetOptions extends PhoneOptions {
  /** How it speaks with the server; what is too long for a datagram goes over TCP in any case. */
  readonly transport: TransportName;
}

/**
 * A phone that lives on the world's clock by itself: several requests of it may be under way at once, and nobody has to
 * run the clock for each. What it hears comes through `heard`, which its peer is to be given.
 */
export class Handset extends Phone {
  readonly #handset: HandsetOptions;
  readonly #waiting = new Map<string, (response: SipResponse) => void>();
  #opening: Promise<Flow> | undefined;
  #connection: Flow | undefined;

  constructor(options: HandsetOptions) {
    super(options);
    this.#handset = options;
  }

  /** The one that it has opened itself, while it is there. */
  get connection(): Flow | undefined {
    return this.#connection?.closed === false ? this.#connection : undefined;
  }

  override get contact(): string {
    const { transport } = this.#handset;
    return transport === 'UDP' ? super.contact : super.contact.replace('>', ';transport=tcp>');
  }

  heard({ message }: Received): void {
    if (message?.kind !== 'response' || message.status < 200) return;
    const branch = message.headers.value(viaHeader)?.branch;
    if (branch !== undefined) this.#waiting.get(branch)?.(message);
  }

  /** One request and its final answer. Rejects when none comes in time, or when its connection ends. */
  override async exchange(template: RequestTemplate, how: { readonly limitMilliseconds?: number } = {}): Promise<SipResponse> {
    const { clock } = this.#handset;
    const limit = clock.now() + (how.limitMilliseconds ?? giveUpAfter);
    const way = await this.#way(template);
    const names = this.peer.send(template, way);
    return new Promise((resolve, reject) => {
      let pause = firstPause;
      let cancel: () => void = () => undefined;
      const end = () => {
        cancel();
        this.#waiting.delete(names.branch);
      };
      const again = () => {
        if (clock.now() >= limit || !this.#goesOn(way, () => this.peer.send({ ...template, ...names }, way))) {
          end();
          // Who hears nothing over a connection for so long has none.
          if ('send' in way) way.close();
          reject(new Error(`no answer to ${template.method} ${template.uri}`));
          return;
        }
        pause = Math.min(pause * 2, longestPause);
        cancel = clock.wakeAt(Math.min(clock.now() + pause, limit), again);
      };
      this.#waiting.set(names.branch, (response) => {
        end();
        resolve(response);
      });
      cancel = clock.wakeAt(clock.now() + pause, again);
    });
  }

  /** Over UDP by another retransmission, over TCP as long as the connection is there. */
  #goesOn(way: HostPort | Flow, retransmit: () => void): boolean {
    if ('send' in way) return !way.closed;
    retransmit();
    return true;
  }

  async #way(template: RequestTemplate): Promise<HostPort | Flow> {
    const { transport, server } = this.#handset;
    if (transport === 'UDP' && octetsOf(template) <= longestDatagram) return server;
    if (this.connection !== undefined) return this.connection;
    this.#opening ??= this.peer.connect(server).finally(() => {
      this.#opening = undefined;
    });
    this.#connection = await this.#opening;
    return this.#connection;
  }
}

/** At the most. */
function octetsOf({ headers = [], body = '' }: RequestTemplate): number {
  return usualHeaders + body.length + headers.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0);
}
