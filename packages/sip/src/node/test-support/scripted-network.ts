import { portableOctets } from '../../message/octets.ts';
import type { ConnectResult, Flow, HostPort, Listener, Network, NetworkUser, SrvRecord, TransportName } from '../../platform.ts';

/** A network for tests: keeps what is sent and lets the test say what arrives. One user at a time. */
export class ScriptedNetwork implements Network {
  readonly sent: { readonly text: string; readonly flow: Flow }[] = [];
  readonly connects: HostPort[] = [];
  /** SRV records by name. */
  readonly services = new Map<string, readonly SrvRecord[]>();
  readonly dns = {
    naptr: () => Promise.resolve([]),
    srv: (name: string) => Promise.resolve(this.services.get(name) ?? []),
    addresses: (name: string) => Promise.resolve([name]),
  };
  /** What the next connects give; a refusal when there is nothing left. */
  readonly connectResults: ('accept' | 'refuse')[] = [];
  /** True: what is sent is not taken. */
  full = false;
  readonly #flows = new Map<string, ScriptedFlow>();
  #user: NetworkUser | undefined;
  #connections = 0;

  listen(transport: TransportName, address: HostPort, user: NetworkUser): Promise<Listener> {
    this.#user = user;
    return Promise.resolve({ transport, address, close: () => Promise.resolve() });
  }

  datagramFlow(listener: Listener, remote: HostPort): ScriptedFlow {
    const key = `udp ${listener.address.port} ${remote.host} ${remote.port}`;
    const flow = this.#flows.get(key) ?? new ScriptedFlow(this, { id: key, transport: 'UDP', local: listener.address, remote });
    this.#flows.set(key, flow);
    return flow;
  }

  connect(remote: HostPort, user: NetworkUser): Promise<ConnectResult> {
    this.connects.push(remote);
    this.#user = user;
    if (this.connectResults.shift() !== 'accept') return Promise.resolve({ kind: 'failed', reason: 'ECONNREFUSED' });
    return Promise.resolve({ kind: 'connected', flow: this.connection(remote) });
  }

  /** A connection with a peer, as if accepted. */
  connection(remote: HostPort): ScriptedFlow {
    this.#connections += 1;
    const flow = new ScriptedFlow(this, {
      id: `tcp ${this.#connections}`,
      transport: 'TCP',
      local: { host: '192.0.2.1', port: 40_000 + this.#connections },
      remote,
    });
    this.#user?.flowOpened?.(flow);
    return flow;
  }

  deliver(text: string, flow: Flow): void {
    this.#user?.received(portableOctets.encode(text), flow);
  }

  closed(flow: ScriptedFlow, reason: string): void {
    flow.closed = true;
    this.#user?.flowClosed(flow, reason);
  }

  /** What was sent since the last call. */
  take(): readonly { readonly text: string; readonly flow: Flow }[] {
    return this.sent.splice(0);
  }
}

export class ScriptedFlow implements Flow {
  readonly id: string;
  readonly transport: TransportName;
  readonly local: HostPort;
  readonly remote: HostPort;
  closed = false;
  readonly #network: ScriptedNetwork;

  constructor(network: ScriptedNetwork, { id, transport, local, remote }: Pick<Flow, 'id' | 'transport' | 'local' | 'remote'>) {
    this.#network = network;
    this.id = id;
    this.transport = transport;
    this.local = local;
    this.remote = remote;
  }

  get reliable(): boolean {
    return this.transport === 'TCP';
  }

  send(octets: Uint8Array): boolean {
    if (this.closed || this.#network.full) return false;
    this.#network.sent.push({ text: portableOctets.decode(octets, 0, octets.length), flow: this });
    return true;
  }

  close(): void {
    if (this.transport === 'TCP' && !this.closed) this.#network.closed(this, 'closed here');
  }
}
