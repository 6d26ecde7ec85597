import type { Clock, HostPort } from '@opencpm/sip';
import type { Limits } from '../configuration/configuration.ts';
import { type AddressBudget, AddressBudgets } from './address-budgets.ts';
import type { TrustedPeers } from './trusted-peers.ts';

/** Addresses that are watched at a time, each with some hundred octets. */
const watchedAddresses = 20_000;

export interface AddressLimitParts {
  readonly limits: Pick<Limits, 'malformedPerSecond' | 'unauthenticatedPerSecond'>;
  readonly trustedPeers: Pick<TrustedPeers, 'includes'>;
  readonly clock: Clock;
  /** Told of each request that gets no answer. */
  readonly dropped: (kind: 'malformed' | 'unauthenticated') => void;
}

/**
 * What an address may send that brings nobody anything: requests that are refused for their form, and requests
 * without credentials that count. Trusted peers carry many clients and are never limited. A client who shows his
 * password gets back what his challenge has cost, so clients behind one address may be many; from then on he spends what
 * is his own (by address and port), so that nobody behind the same address can use it up.
 */
export class AddressLimits {
  readonly #parts: AddressLimitParts;
  readonly #malformed: AddressBudgets;
  readonly #unauthenticated: AddressBudgets;
  // Two generations, as the budgets.
  #proven = new Set<string>();
  #provenBefore = new Set<string>();

  constructor(parts: AddressLimitParts) {
    this.#parts = parts;
    this.#malformed = new AddressBudgets(budget(parts.limits.malformedPerSecond), parts.clock);
    this.#unauthenticated = new AddressBudgets(budget(parts.limits.unauthenticatedPerSecond), parts.clock);
  }

  /** Whether a request that is refused for its form gets its answer. */
  answersMalformed(host: string): boolean {
    return this.#answers('malformed', this.#malformed, { host, spender: host });
  }

  /** Whether a request without credentials that count gets its challenge. */
  answersUnauthenticated({ host, port }: HostPort): boolean {
    const client = `${host} ${port}`;
    return this.#answers('unauthenticated', this.#unauthenticated, { host, spender: this.#isProven(client) ? client : host });
  }

  /** From there came credentials that count. */
  authenticated({ host, port }: HostPort): void {
    const client = `${host} ${port}`;
    const isProven = this.#isProven(client);
    this.#unauthenticated.refund(isProven ? client : host);
    if (isProven) return;
    if (this.#proven.size >= watchedAddresses / 2) {
      this.#provenBefore = this.#proven;
      this.#proven = new Set();
    }
    this.#proven.add(client);
  }

  #isProven(client: string): boolean {
    return this.#proven.has(client) || this.#provenBefore.has(client);
  }

  #answers(kind: 'malformed' | 'unauthenticated', budgets: AddressBudgets, { host, spender }: Sender): boolean {
    if (this.#parts.trustedPeers.includes(host) || budgets.spend(spender) !== 'drop') return true;
    this.#parts.dropped(kind);
    return false;
  }
}

interface Sender {
  readonly host: string;
  /** Whose budget it is. */
  readonly spender: string;
}

/** Ten seconds’ worth may come at once: phones that come back after an outage, a test tool that starts. */
function budget(perSecond: number): AddressBudget {
  return { perSecond, burst: perSecond * 10, addresses: watchedAddresses };
}
