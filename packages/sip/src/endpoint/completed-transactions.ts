/** Transactions that have their final response and only wait for retransmissions, many and for long: no objects. */
import { type ExpiringRecord, ExpiringRecords } from '../expiring-records.ts';
import { hashSeed } from '../key-hash.ts';
import type { Flow } from '../platform.ts';
import type { TimerBucket, TimerEntry } from '../timer-wheel.ts';
import type { EndpointContext } from './context.ts';

/** By the key of the transaction: the octets that answer a retransmission, and the flow that they take. */
export class CompletedTransactions implements TimerEntry {
  deadline = Number.POSITIVE_INFINITY;
  bucket: TimerBucket | undefined = undefined;
  bucketIndex = 0;
  readonly #context: EndpointContext;
  readonly #records: ExpiringRecords<Flow>;

  constructor(context: EndpointContext) {
    this.#context = context;
    this.#records = new ExpiringRecords(hashSeed(context.options.random));
  }

  get size(): number {
    return this.#records.size;
  }

  /** The key is an octet string, as everything that comes out of a message. */
  keep(key: string, octets: Uint8Array, flow: Flow, endAt: number): void {
    this.#records.put(key, octets, flow, endAt);
    // One deadline for all of them: they end in the order in which they came.
    if (this.deadline === Number.POSITIVE_INFINITY) this.#context.wheel.arm(this, endAt);
  }

  has(key: string): boolean {
    return this.#records.has(key);
  }

  find(key: string): ExpiringRecord<Flow> | undefined {
    return this.#records.find(key);
  }

  end(key: string): void {
    this.#records.delete(key);
  }

  clear(): void {
    this.#records.clear();
    this.#context.wheel.cancel(this);
  }

  expired(now: number): void {
    this.#records.expire(now);
    this.#context.wheel.arm(this, this.#records.nextExpiry);
  }
}
