import type { SipMessage, SipRequest } from '../message/message.ts';
import { serializeMessage } from '../message/serialize.ts';
import type { TimerWheel } from '../timer-wheel.ts';
import { type GuardedEvents, guardedEvents } from './guarded-events.ts';
import { defaultEndpointLimits, type EndpointLimits, type EndpointOptions } from './options.ts';

const tagKeyOctets = 32;
/** RFC 3261 §19.3 asks for 32 bits at least. */
const tagDigits = 16;

/** What every part of one endpoint shares. */
export class EndpointContext {
  readonly options: EndpointOptions;
  readonly limits: EndpointLimits;
  readonly on: GuardedEvents;
  readonly wheel: TimerWheel;
  readonly #tagKey: Uint8Array;

  constructor(options: EndpointOptions, wheel: TimerWheel) {
    this.options = options;
    this.limits = { ...defaultEndpointLimits, ...options.limits };
    this.on = guardedEvents(options.on ?? {}, (error) => this.fault(error));
    this.wheel = wheel;
    this.#tagKey = options.random.bytes(tagKeyOctets);
  }

  now(): number {
    return this.options.clock.now();
  }

  serialize(message: SipMessage): Uint8Array {
    return serializeMessage(this.#signed(message), this.options.octets);
  }

  /** A To tag for an answer without a transaction: the same for a retransmission (RFC 3261 §8.2.7). */
  toTag({ headers }: SipRequest): string {
    const identity = `${headers.text('Call-ID')} ${headers.text('From')} ${headers.text('CSeq')} ${headers.text('Via')}`;
    const { hashes, octets } = this.options;
    return hashes.hmacHex(this.#tagKey, octets.encode(identity)).slice(0, tagDigits);
  }

  /** Where an error of the program goes: to the listener, else on its way up. */
  fault(error: unknown): void {
    const { on } = this.options;
    if (on?.fault === undefined) throw error;
    on.fault(error);
  }

  #signed<M extends SipMessage>(message: M): M {
    const name = this.options.userAgentOrServer;
    if (name === undefined) return message;
    const header = message.kind === 'request' ? 'User-Agent' : 'Server';
    return message.headers.has(header) ? message : { ...message, headers: message.headers.append(header, name) };
  }
}
