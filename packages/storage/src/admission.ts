import type { DatabaseFault, Statement } from './database.ts';
import { DatabaseError, faultOf } from './database-error.ts';

/** How much may wait in front of an engine; past either limit a call is answered at once with a temporary fault. */
export interface AdmissionLimits {
  /** Calls that are not answered yet. */
  readonly waitingCalls: number;
  /** Octets of the parameters of these calls. One call alone may be larger. */
  readonly waitingBytes: number;
}

export const ADMISSION_LIMITS: AdmissionLimits = { waitingCalls: 10_000, waitingBytes: 64 * 1024 * 1024 };

/** What a number, a null and a call themselves weigh beside the octets of strings and byte arrays. */
const FIXED_BYTES = 16;

/** Counts what waits in front of an engine, so that memory stays flat when the disk or the network is slow. */
export class Admission {
  readonly #limits: AdmissionLimits;
  #calls = 0;
  #bytes = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /** Lets a call in and answers its weight in octets, to be given back to `leave`; or the fault to answer it with. */
  enter(batch: readonly Statement[]): number | DatabaseFault {
    const bytes = weigh(batch);
    if (this.#calls >= this.#limits.waitingCalls || (this.#calls > 0 && this.#bytes + bytes > this.#limits.waitingBytes)) {
      return faultOf(new DatabaseError('overload', `${this.#calls} calls with ${this.#bytes} octets already wait for the database`));
    }
    this.#calls += 1;
    this.#bytes += bytes;
    return bytes;
  }

  leave(bytes: number): void {
    this.#calls -= 1;
    this.#bytes -= bytes;
  }
}

function weigh(batch: readonly Statement[]): number {
  let bytes = FIXED_BYTES;
  for (const statement of batch) {
    for (const value of statement.parameters) {
      bytes += FIXED_BYTES;
      if (typeof value === 'string') bytes += value.length;
      else if (value instanceof Uint8Array) bytes += value.byteLength;
    }
  }
  return bytes;
}
