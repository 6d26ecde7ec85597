import type { Flow, HostPort, NetworkUser } from '@opencpm/sip';
import type { Fabric, StreamSide } from './fabric.ts';
import { type Segment, StreamDirection } from './stream-direction.ts';

type State = 'opening' | 'open' | 'closed' | 'gone';

/** Who has an end: its address and who hears what comes. `opened` is called when the connection stands. */
export interface StreamParty {
  readonly address: HostPort;
  readonly user: NetworkUser;
  opened?(end: StreamEnd): void;
}

/** One end of a TCP connection between two virtual hosts. */
export class StreamEnd implements Flow, StreamSide {
  readonly id: string;
  readonly transport = 'TCP';
  readonly reliable = true;
  readonly local: HostPort;
  readonly remote: HostPort;
  readonly #fabric: Fabric;
  readonly #party: StreamParty;
  readonly #outgoing: StreamDirection;
  #peer: StreamEnd | undefined;
  #state: State = 'opening';
  #broken = false;

  /** Opens a connection: the server's end stands at once, the client's when the answer has come to it. */
  static connect(fabric: Fabric, client: StreamParty, server: StreamParty): { readonly client: StreamEnd; readonly server: StreamEnd } {
    const clientEnd = new StreamEnd(fabric, client, server.address);
    const serverEnd = new StreamEnd(fabric, server, client.address);
    clientEnd.#peer = serverEnd;
    serverEnd.#peer = clientEnd;
    serverEnd.#outgoing.accept();
    serverEnd.#open();
    return { client: clientEnd, server: serverEnd };
  }

  private constructor(fabric: Fabric, party: StreamParty, remote: HostPort) {
    this.id = fabric.nextStreamId();
    this.local = party.address;
    this.remote = remote;
    this.#fabric = fabric;
    this.#party = party;
    this.#outgoing = new StreamDirection(fabric, this.local, remote, {
      arrived: (segment) => this.#peer?.arrive(segment),
      broken: () => this.breakOff(),
      gaveUp: () => this.#close('ETIMEDOUT'),
      drained: () => this.#leave(),
    });
    fabric.streams.add(this);
  }

  get closed(): boolean {
    return this.#state === 'closed' || this.#state === 'gone';
  }

  /** A peer that does not take its octets costs it the connection, as in the driver for Node. */
  send(octets: Uint8Array): boolean {
    if (this.#state !== 'open') return false;
    const { sendBufferOctets } = this.#fabric.topology.conditions(this.local.host, this.remote.host);
    if (this.#outgoing.octetsUnderWay > sendBufferOctets) {
      this.#outgoing.reset();
      this.#closeSoon(`more than ${sendBufferOctets} octets wait to be sent`);
      return false;
    }
    this.#outgoing.write(octets);
    return true;
  }

  close(): void {
    if (this.closed) return;
    this.#outgoing.finish();
    this.#closeSoon('closed here');
  }

  /** Drops the connection without a word to the own user, who no longer waits for it. */
  abandon(): void {
    if (this.closed) return;
    this.#state = 'closed';
    this.#outgoing.reset();
  }

  retry(): void {
    this.#outgoing.retry();
  }

  breakOff(): void {
    if (this.#broken) return;
    this.#broken = true;
    if (this.#peer !== undefined) this.#peer.#broken = true;
    if (this.#state === 'open') this.#outgoing.reset();
    if (this.#peer?.closed === false) this.#peer.#outgoing.reset();
  }

  forget(): void {
    if (this.#outgoing.forgotten) return;
    this.#fabric.logStream('forgotten', this.local, this.remote);
    this.#outgoing.forget();
    if (this.#peer !== undefined) this.#peer.#outgoing.forget();
  }

  vanish(silently: boolean): void {
    const wasClosed = this.closed;
    this.#state = 'gone';
    if (silently || wasClosed) this.#outgoing.clear();
    else this.#outgoing.reset();
    this.#leave();
  }

  arrive(segment: Segment): void {
    if (this.#state === 'gone') this.#answerForTheGone(segment);
    else if (this.#state !== 'closed') this.#take(segment);
  }

  #take(segment: Segment): void {
    switch (segment.kind) {
      case 'accepted':
        this.#open();
        break;
      case 'segment':
        this.#party.user.received(segment.octets, this);
        break;
      case 'end':
        this.#close('closed by the peer');
        break;
      case 'reset':
        // A reset by the network is still under way to the other side.
        if (!this.#broken) this.#outgoing.clear();
        this.#close('ECONNRESET');
        break;
    }
  }

  /** The system of a host that runs again knows nothing of the connections it had. */
  #answerForTheGone(segment: Segment): void {
    if (segment.kind !== 'reset' && this.#outgoing.idle) this.#outgoing.reset();
  }

  #open(): void {
    this.#state = 'open';
    this.#party.user.flowOpened?.(this);
    this.#party.opened?.(this);
  }

  /** A user is never called from within its own call. */
  #closeSoon(reason: string): void {
    this.#state = 'closed';
    this.#fabric.clock.wakeAt(this.#fabric.clock.now(), () => {
      if (this.#state !== 'gone') this.#party.user.flowClosed(this, reason);
    });
    this.#leave();
  }

  #close(reason: string): void {
    const told = this.closed;
    if (!told) this.#state = 'closed';
    this.#leave();
    if (!told) this.#party.user.flowClosed(this, reason);
  }

  #leave(): void {
    if (this.closed && this.#outgoing.idle) this.#fabric.streams.delete(this);
  }
}
