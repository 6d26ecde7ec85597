/** The connections of an endpoint: framing, keep-alives (RFC 5626 §3.5.1), reuse by remote address. */
import { type FrameEvent, StreamFramer } from '../message/framer.ts';
import { defaultParseLimits } from '../message/limits.ts';
import type { ConnectResult, Flow, HostPort, NetworkUser } from '../platform.ts';
import type { TimerBucket, TimerEntry } from '../timer-wheel.ts';
import type { EndpointContext } from './context.ts';
import { addressKey } from './listeners.ts';

const ping = new Uint8Array([13, 10, 13, 10]);
const pong = new Uint8Array([13, 10]);
const never = Number.POSITIVE_INFINITY;

export class Connections {
  readonly #context: EndpointContext;
  readonly #user: NetworkUser;
  readonly #byFlow = new Map<Flow, Connection>();
  readonly #byId = new Map<string, Flow>();
  readonly #byRemote = new Map<string, Flow>();
  readonly #opening = new Map<string, Promise<ConnectResult>>();
  /** Until when a detour to an address is not tried again. */
  readonly #pauses = new Map<string, number>();
  #closed = false;

  constructor(context: EndpointContext, user: NetworkUser) {
    this.#context = context;
    this.#user = user;
  }

  get size(): number {
    return this.#byFlow.size;
  }

  flow(id: string): Flow | undefined {
    return this.#byId.get(id);
  }

  opened(flow: Flow): Connection {
    const known = this.#byFlow.get(flow);
    if (known !== undefined) return known;
    const connection = new Connection(this.#context, flow);
    this.#byFlow.set(flow, connection);
    this.#byId.set(flow.id, flow);
    this.#byRemote.set(addressKey(flow.remote), flow);
    return connection;
  }

  received(octets: Uint8Array, flow: Flow): readonly FrameEvent[] {
    return this.opened(flow).received(octets);
  }

  answerPing(flow: Flow): void {
    flow.send(pong);
  }

  closed(flow: Flow): void {
    const connection = this.#byFlow.get(flow);
    if (connection === undefined) return;
    this.#context.wheel.cancel(connection);
    this.#byFlow.delete(flow);
    this.#byId.delete(flow.id);
    const key = addressKey(flow.remote);
    if (this.#byRemote.get(key) === flow) this.#byRemote.delete(key);
  }

  /** The connection to an address that is open already. */
  existing(remote: HostPort): Flow | undefined {
    const flow = this.#byRemote.get(addressKey(remote));
    return flow === undefined || flow.closed ? undefined : flow;
  }

  /** Uses the connection to that address or opens one. `done` is called once, at once when there is a connection. */
  open(remote: HostPort, timeoutMilliseconds: number, done: (result: ConnectResult) => void): void {
    const flow = this.existing(remote);
    if (flow !== undefined) {
      done({ kind: 'connected', flow });
      return;
    }
    this.#connect(remote, timeoutMilliseconds)
      .then(done)
      .catch((error: unknown) => this.#context.fault(error));
  }

  /** As `open`, for a request that could do without; a failure is remembered for a while. */
  detour(remote: HostPort, done: (result: ConnectResult) => void): void {
    const key = addressKey(remote);
    const now = this.#context.now();
    if (this.existing(remote) === undefined && now < (this.#pauses.get(key) ?? 0)) {
      done({ kind: 'failed', reason: 'failed shortly before' });
      return;
    }
    this.open(remote, this.#context.limits.detourMilliseconds, (result) => {
      if (result.kind === 'failed') this.#pause(key);
      else this.#pauses.delete(key);
      done(result);
    });
  }

  closeAll(): void {
    this.#closed = true;
    for (const flow of [...this.#byFlow.keys()]) flow.close();
  }

  #pause(key: string): void {
    this.#pauses.delete(key);
    this.#pauses.set(key, this.#context.now() + this.#context.limits.detourPauseMilliseconds);
    if (this.#pauses.size <= this.#context.limits.detourPauses) return;
    for (const oldest of this.#pauses.keys()) {
      this.#pauses.delete(oldest);
      return;
    }
  }

  /** Requests to one address that come while its connection opens wait for the same one. */
  #connect(remote: HostPort, timeoutMilliseconds: number): Promise<ConnectResult> {
    const key = addressKey(remote);
    const opening = this.#opening.get(key) ?? this.#connectAnew(remote, timeoutMilliseconds).finally(() => this.#opening.delete(key));
    this.#opening.set(key, opening);
    return opening;
  }

  async #connectAnew(remote: HostPort, timeoutMilliseconds: number): Promise<ConnectResult> {
    const result = await this.#context.options.network.connect(remote, this.#user, timeoutMilliseconds);
    if (result.kind === 'failed' || result.flow.closed) return result;
    if (this.#closed) {
      result.flow.close();
      return { kind: 'failed', reason: 'endpoint closed' };
    }
    this.opened(result.flow).keepAlive();
    return result;
  }
}

class Connection implements TimerEntry {
  deadline = never;
  bucket: TimerBucket | undefined = undefined;
  bucketIndex = 0;
  readonly #context: EndpointContext;
  readonly #flow: Flow;
  readonly #framer: StreamFramer;
  #awaitsPong = false;

  constructor(context: EndpointContext, flow: Flow) {
    this.#context = context;
    this.#flow = flow;
    this.#framer = new StreamFramer(context.options.octets, { ...defaultParseLimits, ...context.options.parseLimits });
  }

  received(octets: Uint8Array): readonly FrameEvent[] {
    // Any octet proves that the peer lives; the next ping stays due when it was.
    if (this.#awaitsPong) this.keepAlive();
    return this.#framer.push(octets);
  }

  /** Starts the pings of the side that opened the connection. */
  keepAlive(): void {
    this.#awaitsPong = false;
    const { pingMilliseconds } = this.#context.limits;
    if (pingMilliseconds !== never) this.#context.wheel.arm(this, this.#context.now() + pingMilliseconds);
  }

  expired(now: number): void {
    if (this.#awaitsPong || !this.#flow.send(ping)) {
      this.#flow.close();
      return;
    }
    this.#awaitsPong = true;
    this.#context.wheel.arm(this, now + this.#context.limits.pongMilliseconds);
  }
}
