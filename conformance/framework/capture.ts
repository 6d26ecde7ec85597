import type { WireMessage } from './wire-message.ts';

/** What one peer of a scenario saw on its socket, or what a program reported about it. */
export type Captured = WireCapture | ReportCapture;

export interface WireCapture {
  readonly kind: 'wire';
  /** Name of the peer whose socket it crossed. */
  readonly at: string;
  readonly direction: 'received' | 'sent';
  /** The part of the scenario that ran then. */
  readonly phase: string;
  /** The name that the scenario gave to the request that this is, or that this answers. */
  readonly label: string | undefined;
  readonly octets: string;
  readonly message: WireMessage;
}

export interface ReportCapture {
  readonly kind: 'report';
  /** Name of the reporting program: `alice's SDK`, `queue list`. */
  readonly at: string;
  readonly phase: string;
  /** What the report is about, as the scenario calls it. */
  readonly about: string;
  readonly report: unknown;
}

/**
 * The record of one run of one scenario, in the order of events. Retransmissions are dropped: a datagram that one peer
 * has already received in the same phase, octet for octet, counts once.
 */
export class Capture {
  readonly #captured: Captured[] = [];
  readonly #waiting = new Set<() => void>();

  get all(): readonly Captured[] {
    return this.#captured;
  }

  add(captured: Captured): void {
    if (captured.kind === 'wire' && this.#isRetransmission(captured)) return;
    this.#captured.push(captured);
    for (const wake of [...this.#waiting]) wake();
  }

  /** The first capture that fits, now or within the time; undefined when none came. */
  async first(fits: (captured: Captured) => boolean, withinMilliseconds: number): Promise<Captured | undefined> {
    const there = this.#captured.find(fits);
    if (there !== undefined) return there;
    return new Promise((resolve) => {
      const finish = (found: Captured | undefined): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(found);
      };
      const look = (): void => {
        const found = this.#captured.find(fits);
        if (found !== undefined) finish(found);
      };
      const timer = setTimeout(() => finish(undefined), withinMilliseconds);
      this.#waiting.add(look);
    });
  }

  #isRetransmission(captured: WireCapture): boolean {
    return this.#captured.some(
      (earlier) =>
        earlier.kind === 'wire' &&
        earlier.at === captured.at &&
        earlier.phase === captured.phase &&
        earlier.direction === captured.direction &&
        earlier.octets === captured.octets,
    );
  }
}
