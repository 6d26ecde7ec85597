import type { WireCapture } from './capture.ts';
import type { Direction } from './relay.ts';
import { selects } from './selector.ts';
import { applyEdit, asNewRequest, type Tampering } from './tampering.ts';
import type { RunRecord } from './verdict.ts';
import { readWireMessage, type WireMessage, writeWireMessage } from './wire-message.ts';

/** Which peer watches a relay, and from which end of it. */
export interface Watch {
  readonly at: string;
  readonly end: 'near' | 'far';
}

export interface Passing {
  readonly watch: Watch;
  readonly direction: Direction;
  readonly phase: string;
  readonly label: (message: WireMessage) => string | undefined;
  readonly record: RunRecord;
}

/** Breaks the messages of one scenario run as one tampering says, and knows whether it has broken anything. */
export class Tamperer {
  readonly tampering: Tampering;
  #applied = 0;
  readonly #earlier = new Map<string, readonly string[]>();
  #like: { readonly message: WireMessage; readonly direction: Direction } | undefined;

  constructor(tampering: Tampering) {
    this.tampering = tampering;
  }

  get applied(): boolean {
    return this.#applied > 0;
  }

  /** What a relay sends on in place of this datagram. A retransmission leaves as its original did. */
  pass(octets: string, passing: Passing): readonly string[] {
    const key = `${passing.watch.at} ${passing.direction} ${octets}`;
    const earlier = this.#earlier.get(key);
    if (earlier !== undefined) return earlier;
    const leaving = this.#leaving(octets, passing);
    this.#earlier.set(key, leaving);
    return leaving;
  }

  /** The datagram to put onto the wire now that this phase has begun. */
  injection(watch: Watch, phase: string): { readonly direction: Direction; readonly octets: string } | undefined {
    const { tampering } = this;
    if (tampering.kind !== 'inject' || tampering.message.at !== watch.at || tampering.message.during !== phase) return undefined;
    if (this.#like === undefined) return undefined;
    this.#applied += 1;
    return { direction: this.#like.direction, octets: writeWireMessage(asNewRequest(this.#like.message, this.#applied)) };
  }

  #leaving(octets: string, passing: Passing): readonly string[] {
    const message = readWireMessage(octets);
    if (message === undefined) return [octets];
    const captured = captureOf(octets, message, passing);
    const { tampering } = this;
    if (tampering.kind === 'inject') {
      if (selects(tampering.like, captured)) this.#like = { message, direction: passing.direction };
      return [octets];
    }
    return selects(tampering.message, captured) ? this.#broken(octets, message, passing.record) : [octets];
  }

  #broken(octets: string, message: WireMessage, record: RunRecord): readonly string[] {
    const { tampering } = this;
    this.#applied += 1;
    if (tampering.kind === 'drop') return [];
    if (tampering.kind === 'double') return [octets, writeWireMessage(asNewRequest(message, this.#applied))];
    const edited = tampering.kind === 'edit' ? applyEdit(message, tampering.part, tampering.edit, record) : undefined;
    if (edited !== undefined) return [writeWireMessage(edited)];
    this.#applied -= 1;
    return [octets];
  }
}

/** The message as its watcher will see it: what goes to the watcher's end is received there. */
function captureOf(octets: string, message: WireMessage, passing: Passing): WireCapture {
  const towardsNear = passing.direction === 'inbound';
  const direction = towardsNear === (passing.watch.end === 'near') ? 'received' : 'sent';
  return { kind: 'wire', at: passing.watch.at, direction, phase: passing.phase, label: passing.label(message), octets, message };
}
