/**
 * Datagrams in batches, one batch a turn of the event loop. Each send wakes its receiver, which may take the processor
 * away from us: requests are worked on behind one another while their code is in the processor's caches, then what came
 * of them leaves together. Under load this halves what a datagram costs; without load it delays one by less than a
 * tenth of a millisecond.
 */
import type { RemoteInfo, Socket } from 'node:dgram';

/** As many datagrams as libuv reads from a socket in one turn at most: after so many there may be more. */
const readInOneTurn = 32;
const requestsInOneTurn = 32;
/** From so many waiting requests on, a copy of one that still waits is let go. */
const manyRequests = 64;
/** What a waiting request counts at least: an empty datagram takes memory too. */
const leastOctets = 1024;

interface Datagram {
  readonly octets: Uint8Array;
  readonly from: RemoteInfo;
  /** Of a request that came when many waited: what it says and who sent it. */
  readonly copyKey: string | undefined;
}

export interface IncomingOptions {
  readonly received: (octets: Uint8Array, from: RemoteInfo) => void;
  readonly fault: (error: unknown) => void;
  /** From so many octets of waiting requests on, they are worked on before more is read. None is let go: one turn reads little. */
  readonly maxOctets: number;
}

/**
 * What the socket has read, until its turn to be worked on. Responses come first: they end what is under way. When the
 * server is behind, an answer that waited behind new requests would let its timer send the request again, each copy would
 * cost as much as a request, and the server would fall behind for good.
 */
export class IncomingBatch {
  readonly #options: IncomingOptions;
  #responses: Datagram[] = [];
  #requests: Datagram[] = [];
  #requestOctets = 0;
  readonly #copyKeys = new Set<string>();
  #readInThisTurn = 0;
  #scheduled = false;
  readonly #work = () => this.#workOff();

  constructor(options: IncomingOptions) {
    this.#options = options;
  }

  add(octets: Uint8Array, from: RemoteInfo): void {
    this.#readInThisTurn += 1;
    if (isResponse(octets)) this.#responses.push({ octets, from, copyKey: undefined });
    else this.#addRequest(octets, from);
    this.#schedule();
  }

  #addRequest(octets: Uint8Array, from: RemoteInfo): void {
    const copyKey = this.#requests.length < manyRequests ? undefined : copyKeyOf(octets, from);
    if (copyKey !== undefined) {
      // RFC 3261 §17.2.2: a retransmission that comes before any response is discarded; the first has not even been read.
      if (this.#copyKeys.has(copyKey)) return;
      this.#copyKeys.add(copyKey);
    }
    this.#requestOctets += costOf(octets);
    this.#requests.push({ octets, from, copyKey });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#work);
  }

  #workOff(): void {
    this.#scheduled = false;
    // The socket has more perhaps, and responses among it: they are looked for before requests begin.
    const reads = this.#readInThisTurn >= readInOneTurn && this.#requestOctets < this.#options.maxOctets;
    this.#readInThisTurn = 0;
    const responses = this.#responses;
    this.#responses = [];
    for (const response of responses) this.#receive(response);
    if (!reads) this.#workOffRequests();
    if (this.#requests.length > 0) this.#schedule();
  }

  #workOffRequests(): void {
    let worked = 0;
    for (const request of this.#requests) {
      if (worked >= requestsInOneTurn && this.#requestOctets < this.#options.maxOctets) break;
      worked += 1;
      this.#requestOctets -= costOf(request.octets);
      if (request.copyKey !== undefined) this.#copyKeys.delete(request.copyKey);
      this.#receive(request);
    }
    this.#requests.splice(0, worked);
  }

  /** What comes behind a fault is worked on all the same. */
  #receive({ octets, from }: Datagram): void {
    try {
      this.#options.received(octets, from);
    } catch (error) {
      this.#options.fault(error);
    }
  }
}

function costOf(octets: Uint8Array): number {
  return Math.max(octets.length, leastOctets);
}

/** `SIP/` begins every response and no request. */
function isResponse(octets: Uint8Array): boolean {
  return octets[0] === 0x53 && octets[1] === 0x49 && octets[2] === 0x50 && octets[3] === 0x2f;
}

function copyKeyOf(octets: Uint8Array, { address, port }: RemoteInfo): string {
  return `${address} ${port} ${Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('latin1')}`;
}

export interface OutgoingDatagram {
  readonly octets: Uint8Array;
  readonly port: number;
  readonly host: string;
  readonly sent: (error: Error | null) => void;
}

type SendingSocket = Pick<Socket, 'send' | 'getSendQueueSize'>;

/** What leaves the socket at the end of this turn. */
export class OutgoingBatch {
  readonly #socket: SendingSocket;
  readonly #maxOctets: number;
  #waiting: OutgoingDatagram[] = [];
  #waitingOctets = 0;
  /** What the socket could not send at once, when it was asked last. */
  #queuedOctets = 0;
  readonly #send = () => this.flush();

  constructor(socket: SendingSocket, maxOctets: number) {
    this.#socket = socket;
    this.#maxOctets = maxOctets;
  }

  /** False when too much waits already; nothing was taken then. The octets must stay as they are until `sent` is called. */
  add(datagram: OutgoingDatagram): boolean {
    if (this.#isFull()) {
      // Some of it may have left since.
      this.#queuedOctets = this.#socket.getSendQueueSize();
      if (this.#isFull()) return false;
    }
    this.#waitingOctets += datagram.octets.length;
    if (this.#waiting.push(datagram) === 1) setImmediate(this.#send);
    return true;
  }

  /** Gives the socket what waits; before it is closed, too. */
  flush(): void {
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    for (const datagram of batch) this.#give(datagram);
    this.#waitingOctets = 0;
    this.#queuedOctets = this.#socket.getSendQueueSize();
  }

  #isFull(): boolean {
    return this.#waitingOctets + this.#queuedOctets > this.#maxOctets;
  }

  /** An address that the socket does not take, such as port 0, is one more datagram that does not arrive. */
  #give({ octets, port, host, sent }: OutgoingDatagram): void {
    try {
      this.#socket.send(octets, port, host, sent);
    } catch (error) {
      sent(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
