import type { CancelWake, HostPort } from '@opencpm/sip';
import { cutStream } from './cut-stream.ts';
import type { Fabric } from './fabric.ts';

export type SegmentKind = 'accepted' | 'segment' | 'end' | 'reset';

export interface Segment {
  readonly kind: SegmentKind;
  readonly octets: Uint8Array;
  readonly arrivesAt: number;
}

/** What an end of a connection is told about the direction that it sends on. */
export interface DirectionUser {
  arrived(segment: Segment): void;
  /** The link has reset the connection. */
  broken(): void;
  gaveUp(): void;
  /** Nothing is under way any more. */
  drained(): void;
}

const emptyOctets = new Uint8Array(0);

/**
 * One direction of a TCP connection: octets that were sent in one instant are joined and cut anew, segments arrive in
 * order, each after its latency, and wait while a partition lies between.
 */
export class StreamDirection {
  readonly #fabric: Fabric;
  readonly #from: HostPort;
  readonly #to: HostPort;
  readonly #user: DirectionUser;
  #unsent: Uint8Array[] = [];
  #queue: Segment[] = [];
  #octetsUnderWay = 0;
  #cancelFlush: CancelWake | undefined;
  #cancelArrival: CancelWake | undefined;
  #cancelGivingUp: CancelWake | undefined;
  #forgotten = false;

  constructor(fabric: Fabric, from: HostPort, to: HostPort, user: DirectionUser) {
    this.#fabric = fabric;
    this.#from = from;
    this.#to = to;
    this.#user = user;
  }

  get octetsUnderWay(): number {
    return this.#octetsUnderWay;
  }

  get idle(): boolean {
    return this.#queue.length === 0 && this.#unsent.length === 0;
  }

  get forgotten(): boolean {
    return this.#forgotten;
  }

  /** From now on the path carries nothing of it. */
  forget(): void {
    this.#forgotten = true;
  }

  write(octets: Uint8Array): void {
    if (octets.length === 0) return;
    this.#unsent.push(Uint8Array.from(octets));
    this.#octetsUnderWay += octets.length;
    this.#cancelFlush ??= this.#fabric.clock.wakeAt(this.#fabric.clock.now(), () => this.#flush(true));
  }

  accept(): void {
    this.#put('accepted');
  }

  /** Ends the direction after what was written. */
  finish(): void {
    this.#flush(false);
    this.#put('end');
  }

  /** Drops what was written and tells the other side to drop the connection. */
  reset(): void {
    this.clear();
    this.#put('reset');
  }

  clear(): void {
    this.#cancelFlush?.();
    this.#cancelArrival?.();
    this.#cancelGivingUp?.();
    this.#cancelFlush = undefined;
    this.#cancelArrival = undefined;
    this.#cancelGivingUp = undefined;
    this.#unsent = [];
    this.#queue = [];
    this.#octetsUnderWay = 0;
  }

  /** The way may be open again. */
  retry(): void {
    this.#expectArrival();
  }

  get #isCarried(): boolean {
    return !this.#forgotten && this.#fabric.topology.reaches(this.#from.host, this.#to.host);
  }

  #flush(mayHoldTail: boolean): void {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    if (this.#unsent.length === 0) return;
    const random = this.#fabric.random(this.#from.host, this.#to.host);
    const conditions = this.#fabric.topology.conditions(this.#from.host, this.#to.host);
    const pieces = cutStream(Uint8Array.from(Buffer.concat(this.#unsent)), conditions, random);
    this.#unsent = [];
    const tail = mayHoldTail && pieces.length > 1 && random.chance(conditions.splitting) ? pieces.pop() : undefined;
    for (const piece of pieces) this.#putOctets(piece);
    if (tail === undefined) return;
    this.#unsent = [tail];
    const heldUntil = this.#fabric.clock.now() + random.between(1, conditions.mostLatencyMilliseconds + 1);
    this.#cancelFlush = this.#fabric.clock.wakeAt(heldUntil, () => this.#flush(false));
  }

  #putOctets(octets: Uint8Array): void {
    const random = this.#fabric.random(this.#from.host, this.#to.host);
    const conditions = this.#fabric.topology.conditions(this.#from.host, this.#to.host);
    const late = random.chance(conditions.loss);
    const broken = random.chance(conditions.resetting);
    this.#put('segment', octets, late ? conditions.retransmissionMilliseconds : 0);
    if (broken) this.#user.broken();
  }

  #put(kind: SegmentKind, octets: Uint8Array = emptyOctets, extraMilliseconds = 0): void {
    const { clock } = this.#fabric;
    const latency = this.#fabric.latencyMilliseconds(this.#from.host, this.#to.host);
    const fateOfSent = extraMilliseconds > 0 ? 'late' : 'sent';
    this.#fabric.logStream(kind, this.#from, this.#to, { fate: this.#isCarried ? fateOfSent : 'cut off', octets });
    this.#queue.push({ kind, octets, arrivesAt: clock.now() + latency + extraMilliseconds });
    this.#expectArrival();
  }

  #expectArrival(): void {
    const head = this.#queue[0];
    if (head === undefined || this.#cancelArrival !== undefined) return;
    if (!this.#isCarried) {
      this.#expectGivingUp();
      return;
    }
    this.#cancelGivingUp?.();
    this.#cancelGivingUp = undefined;
    this.#cancelArrival = this.#fabric.clock.wakeAt(head.arrivesAt, () => this.#arrive());
  }

  #arrive(): void {
    this.#cancelArrival = undefined;
    const segment = this.#isCarried ? this.#queue.shift() : undefined;
    if (segment !== undefined) this.#octetsUnderWay -= segment.octets.length;
    this.#expectArrival();
    if (segment === undefined) return;
    this.#user.arrived(segment);
    if (this.idle) this.#user.drained();
  }

  #expectGivingUp(): void {
    const { giveUpMilliseconds } = this.#fabric.topology.conditions(this.#from.host, this.#to.host);
    this.#cancelGivingUp ??= this.#fabric.clock.wakeAt(this.#fabric.clock.now() + giveUpMilliseconds, () => {
      this.clear();
      this.#user.gaveUp();
    });
  }
}
