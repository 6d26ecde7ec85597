import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Capture } from './capture.ts';
import { headerText, isRequest, readWireMessage, type WireHeader, type WireMessage, writeWireMessage } from './wire-message.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Answer {
  readonly status: number;
  readonly headers?: readonly WireHeader[];
}

/** What a socket writes into while a scenario runs. */
export interface Journal {
  readonly capture: Capture;
  readonly phase: () => string;
  /** Call-ID to the name that the scenario gave the request. */
  readonly labels: Map<string, string>;
}

export interface SipSocketOptions {
  readonly name: string;
  readonly host: string;
  readonly journal: Journal;
  /** Undefined: the request is left without an answer. */
  readonly answer: (request: WireMessage, source: Address) => Answer | undefined;
}

/** A UDP socket that records every SIP message and answers requests as it is told. It never retransmits: loopback loses nothing. */
export class SipSocket {
  readonly #options: SipSocketOptions;
  readonly #socket: Socket = createSocket('udp4');
  readonly #answers = new Map<string, string>();

  constructor(options: SipSocketOptions) {
    this.#options = options;
  }

  get address(): Address {
    return { host: this.#options.host, port: this.#socket.address().port };
  }

  async open(): Promise<void> {
    this.#socket.on('message', (octets, source) => this.#receive(octets.toString('latin1'), { host: source.address, port: source.port }));
    this.#socket.bind(0, this.#options.host);
    await once(this.#socket, 'listening');
  }

  send(message: WireMessage, to: Address): void {
    const octets = writeWireMessage(message);
    this.#record('sent', octets, message);
    this.#put(octets, to);
  }

  close(): void {
    this.#socket.close();
  }

  #receive(octets: string, source: Address): void {
    const message = readWireMessage(octets);
    if (message === undefined) return;
    this.#record('received', octets, message);
    if (!isRequest(message) || message.startLine.startsWith('ACK ')) return;
    const earlier = this.#answers.get(octets);
    if (earlier !== undefined) this.#put(earlier, source);
    else this.#answer(octets, message, source);
  }

  #answer(octets: string, request: WireMessage, source: Address): void {
    const answer = this.#options.answer(request, source);
    if (answer === undefined) return;
    const response = responseTo(request, answer);
    const text = writeWireMessage(response);
    this.#answers.set(octets, text);
    this.#record('sent', text, response);
    this.#put(text, source);
  }

  #record(direction: 'received' | 'sent', octets: string, message: WireMessage): void {
    const { name, journal } = this.#options;
    const label = journal.labels.get(headerText(message, 'Call-ID') ?? '');
    journal.capture.add({ kind: 'wire', at: name, direction, phase: journal.phase(), label, octets, message });
  }

  #put(octets: string, to: Address): void {
    this.#socket.send(Buffer.from(octets, 'latin1'), to.port, to.host);
  }
}

function responseTo(request: WireMessage, { status, headers = [] }: Answer): WireMessage {
  const copied = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].flatMap((name) => {
    const value = headerText(request, name);
    if (value === undefined) return [];
    return [{ name, value: name === 'To' && !value.includes('tag=') ? `${value};tag=peer` : value }];
  });
  return { startLine: `SIP/2.0 ${status} Answer`, headers: [...copied, ...headers], body: '' };
}
