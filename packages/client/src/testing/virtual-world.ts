import { DigestServer, Endpoint, type EndpointOptions, Headers, portableOctets, type SipResponse, type TransportName } from '@opencpm/sip';
import { SeededRandom, VirtualClock, VirtualNetwork, virtualHashes } from '@opencpm/testkit';
import { CpmClient } from '../cpm-client.ts';
import type { ClientEvent, ClientOptions } from '../options.ts';
import type { RegistrationState } from '../outcomes.ts';
import type { MessageHandler, ReceivedDisposition, ReceivedMessage } from '../receiving/received.ts';
import { ScriptedCore } from './scripted-core.ts';

export const coreHost = '10.0.0.1';
export const clientHost = '10.0.0.2';
export const strangerHost = '10.0.0.66';

export interface WorldOptions {
  readonly transport?: TransportName;
  readonly client?: Partial<ClientOptions>;
  /** The password that the core knows; it challenges nobody when left out. */
  readonly password?: string;
  readonly message?: MessageHandler;
}

/** One client and a scripted core on virtual time and network, and what the client told. */
export class VirtualWorld {
  readonly clock: VirtualClock;
  readonly network: VirtualNetwork;
  readonly core: ScriptedCore;
  readonly client: CpmClient;
  readonly shown: ReceivedMessage[] = [];
  readonly dispositions: ReceivedDisposition[] = [];
  readonly states: RegistrationState[] = [];
  readonly events: ClientEvent[] = [];

  static async start(options: WorldOptions = {}): Promise<VirtualWorld> {
    const clock = new VirtualClock();
    const network = new VirtualNetwork({ clock, random: new SeededRandom(1) });
    const server = { transport: options.transport ?? 'UDP', host: coreHost, port: 5060 } as const;
    const hashes = virtualHashes();
    const digest = new DigestServer({ realm: 'example.net', random: new SeededRandom(3), hashes, clock });
    const core = await ScriptedCore.start({
      endpoint: new Endpoint(platformOf(clock, network, coreHost)),
      transport: server.transport,
      address: { host: coreHost, port: 5060 },
      ...(options.password === undefined ? {} : { digest: { server: digest, hashes, password: options.password } }),
    });
    return new VirtualWorld({ clock, network, core }, options);
  }

  private constructor({ clock, network, core }: Pick<VirtualWorld, 'clock' | 'network' | 'core'>, options: WorldOptions) {
    this.clock = clock;
    this.network = network;
    this.core = core;
    const settings: ClientOptions = {
      identity: 'sip:alice@example.net',
      server: { transport: options.transport ?? 'UDP', host: coreHost, port: 5060 },
      local: { host: clientHost, port: 5070 },
      log: (event) => this.events.push(event),
      ...options.client,
    };
    const show: MessageHandler = (message) => {
      this.shown.push(message);
      return options.message?.(message) === 'reject' ? 'reject' : undefined;
    };
    this.client = new CpmClient(platformOf(clock, network, clientHost), settings, {
      message: show,
      disposition: (disposition) => this.dispositions.push(disposition),
      registration: (state) => this.states.push(state),
    });
  }

  /** Lets as much time pass as the promise needs. */
  finished<T>(promise: Promise<T>): Promise<T> {
    return this.clock.runToEnd(promise, 3_600_000);
  }

  /** Registers; for tests of what comes after. */
  async register(): Promise<void> {
    const outcome = await this.finished(this.client.register());
    if (outcome.kind !== 'registered') throw new Error(`could not register: ${outcome.reason}`);
  }

  /** Sends to the client and gives its answer. */
  async deliver(...message: Parameters<ScriptedCore['send']>): Promise<SipResponse> {
    const outcome = await this.finished(this.core.send(...message));
    if (outcome.kind !== 'response') throw new Error(`no answer: ${outcome.kind}`);
    return outcome.response;
  }

  /** Somebody who is not the server; gives the status that he gets for a MESSAGE to the client. */
  async stranger(): Promise<(headers: Headers, body: Uint8Array) => Promise<number | undefined>> {
    const endpoint = new Endpoint(platformOf(this.clock, this.network, strangerHost));
    await endpoint.listen('UDP', { host: strangerHost, port: 5060 });
    return async (headers, body) => {
      const [register] = this.core.of('REGISTER');
      const from = register?.headers.filter(({ key }) => ['from', 'to', 'call-id', 'max-forwards'].includes(key)) ?? Headers.of();
      const request = {
        kind: 'request',
        method: 'MESSAGE',
        uri: 'sip:alice@10.0.0.2',
        headers: from.append('CSeq', '1 MESSAGE').concat(headers),
        body,
      } as const;
      const target = { transport: 'UDP', address: { host: clientHost, port: 5070 } } as const;
      const outcome = await this.finished(endpoint.request(request, target));
      return outcome.kind === 'response' ? outcome.response.status : undefined;
    };
  }
}

function platformOf(clock: VirtualClock, network: VirtualNetwork, host: string): EndpointOptions {
  return { clock, random: new SeededRandom(host), network: network.host(host), octets: portableOctets, hashes: virtualHashes() };
}
