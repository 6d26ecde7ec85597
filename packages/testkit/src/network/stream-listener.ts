import type { HostPort, Listener, NetworkUser } from '@opencpm/sip';
import type { StreamAcceptor, StreamSide } from './fabric.ts';

/** A listening TCP socket of a virtual host. */
export class StreamListener implements Listener, StreamAcceptor {
  readonly transport = 'TCP';
  readonly address: HostPort;
  readonly user: NetworkUser;
  readonly #accepted = new Set<StreamSide>();
  #closed = false;

  constructor(address: HostPort, user: NetworkUser) {
    this.address = address;
    this.user = user;
  }

  get closed(): boolean {
    return this.#closed;
  }

  accepted(end: StreamSide): void {
    for (const known of this.#accepted) if (known.closed) this.#accepted.delete(known);
    this.#accepted.add(end);
  }

  close(): Promise<void> {
    if (!this.#closed) for (const end of this.#accepted) end.close();
    this.#closed = true;
    return Promise.resolve();
  }
}
