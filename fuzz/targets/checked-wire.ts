import { type WireEntry, WireLog } from '@opencpm/testkit';

/** A wire of which only the datagrams of one host are kept, until they are taken. */
export class CheckedWire extends WireLog {
  readonly #host: string;
  #datagrams: WireEntry[] = [];

  constructor(startMilliseconds: number, host: string) {
    super(startMilliseconds);
    this.#host = host;
  }

  override add(entry: WireEntry): void {
    if (entry.event === 'datagram' && entry.from.host === this.#host) this.#datagrams.push(entry);
  }

  /** What the host has sent since the last call. */
  take(): readonly WireEntry[] {
    const taken = this.#datagrams;
    this.#datagrams = [];
    return taken;
  }
}
