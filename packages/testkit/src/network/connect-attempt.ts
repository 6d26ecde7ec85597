import type { CancelWake, ConnectResult, HostPort, NetworkUser } from '@opencpm/sip';
import type { Fabric, StreamAcceptor } from './fabric.ts';
import { StreamEnd } from './stream-end.ts';

export interface ConnectRequest {
  readonly local: HostPort;
  readonly remote: HostPort;
  readonly user: NetworkUser;
  readonly timeoutMilliseconds: number;
}

/** How long a caller's system waits before it knocks again (RFC 6298 §2). */
const knockAgainMilliseconds = 1_000;

/** The opening of one TCP connection: knocks until it is accepted, refused or out of time. */
export class ConnectAttempt {
  readonly result: Promise<ConnectResult>;
  readonly #fabric: Fabric;
  readonly #request: ConnectRequest;
  readonly #settle: (result: ConnectResult) => void;
  readonly #cancelTimeout: CancelWake;
  #cancelKnock: CancelWake = () => undefined;
  #end: StreamEnd | undefined;
  #over = false;

  constructor(fabric: Fabric, request: ConnectRequest) {
    const { promise, resolve } = Promise.withResolvers<ConnectResult>();
    this.result = promise;
    this.#settle = resolve;
    this.#fabric = fabric;
    this.#request = request;
    this.#cancelTimeout = fabric.clock.wakeAt(fabric.clock.now() + request.timeoutMilliseconds, () => this.#timeOut());
    this.#knock();
  }

  /** The caller's process is gone: the result never comes. */
  abandon(): void {
    this.#finish();
  }

  #knock(): void {
    const { local, remote } = this.#request;
    const reaches = this.#fabric.topology.reaches(local.host, remote.host);
    const lost = this.#fabric.random(local.host, remote.host).chance(this.#fabric.topology.conditions(local.host, remote.host).loss);
    const fateOfSent = lost ? 'lost' : 'sent';
    this.#fabric.logStream('connect', local, remote, { fate: reaches ? fateOfSent : 'cut off' });
    const now = this.#fabric.clock.now();
    const heard = reaches && !lost && this.#fabric.addresses.has(remote.host);
    if (heard) this.#cancelKnock = this.#fabric.clock.wakeAt(now + this.#latency(), () => this.#arrive());
    else this.#cancelKnock = this.#fabric.clock.wakeAt(now + knockAgainMilliseconds, () => this.#knock());
  }

  #arrive(): void {
    const { local, remote } = this.#request;
    if (!this.#fabric.topology.reaches(local.host, remote.host)) {
      this.#cancelKnock = this.#fabric.clock.wakeAt(this.#fabric.clock.now() + knockAgainMilliseconds, () => this.#knock());
      return;
    }
    const refusing = this.#fabric.refusing.has(`${remote.host}:${remote.port}`);
    const listener = refusing ? undefined : this.#fabric.stations.get(remote.host)?.streamListener(remote.port);
    if (listener === undefined) this.#refuse();
    else this.#accept(listener);
  }

  #refuse(): void {
    const { local, remote } = this.#request;
    this.#fabric.logStream('refused', remote, local);
    this.#cancelKnock = this.#fabric.clock.wakeAt(this.#fabric.clock.now() + this.#latency(), () => {
      this.#finish();
      this.#settle({ kind: 'failed', reason: 'ECONNREFUSED' });
    });
  }

  #accept(listener: StreamAcceptor): void {
    const { local, remote, user } = this.#request;
    const { client } = StreamEnd.connect(
      this.#fabric,
      { address: local, user, opened: (flow) => this.#opened(flow) },
      { address: remote, user: listener.user, opened: (end) => listener.accepted(end) },
    );
    this.#end = client;
  }

  #opened(flow: StreamEnd): void {
    this.#finish();
    this.#settle({ kind: 'connected', flow });
  }

  #timeOut(): void {
    if (this.#over) return;
    this.#finish();
    this.#end?.abandon();
    this.#settle({ kind: 'failed', reason: `no answer within ${this.#request.timeoutMilliseconds} ms` });
  }

  #finish(): void {
    this.#over = true;
    this.#cancelTimeout();
    this.#cancelKnock();
  }

  #latency(): number {
    return this.#fabric.latencyMilliseconds(this.#request.local.host, this.#request.remote.host);
  }
}
