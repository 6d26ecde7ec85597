import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClientHandlers, type ClientOptions, CpmClient, type ReceivedDisposition, type ReceivedMessage } from '@opencpm/client';
import { type Configuration, type ConfiguredUser, defaultConfiguration } from '@opencpm/server';
import { nodeOctets } from '@opencpm/sip/node';
import type { CommitSchedule } from '@opencpm/storage';
import {
  type LinkConditions,
  type PeerScript,
  ScriptedPeer,
  SeededRandom,
  VirtualClock,
  VirtualNetwork,
  virtualHashes,
} from '@opencpm/testkit';
import { Mishaps } from './mishaps.ts';
import { Phone, type Registration } from './phone.ts';
import { SimulatedServer, simulatedUser } from './simulated-server.ts';

export const domain = 'cpm.test';
const serverAddress = '10.0.0.1';
export const serverPort = { host: serverAddress, port: 5060 } as const;

/** Where Linux has files in memory: a simulated crash leaves what SQLite has written, so that no disk needs to be waited for. */
const memoryFolder = '/dev/shm';

export interface WorldOptions {
  readonly seed: number;
  /** Names, or users as configured. Alice and Bob when left out. */
  readonly users?: readonly (string | ConfiguredUser)[];
  readonly conditions?: Partial<LinkConditions>;
  readonly policy?: Partial<Configuration['policy']>;
  readonly limits?: Partial<Configuration['limits']>;
  readonly trustedPeers?: readonly string[];
  readonly routes?: Configuration['routes'];
  readonly records?: Partial<Configuration['records']>;
  readonly drainSeconds?: number;
  /** URI of an Interworking Selection Function. */
  readonly isf?: string;
  /** Where the server posts notices; they are in `server.posted`. */
  readonly webhook?: string;
  /** How long a commit takes until it is durable, and as long again until its answer comes; 0 when left out. */
  readonly commitMilliseconds?: number;
}

/** One CPM client of the SDK in a world, with what it was shown. */
export interface SimulatedClient {
  readonly client: CpmClient;
  readonly messages: readonly ReceivedMessage[];
  readonly dispositions: readonly ReceivedDisposition[];
  /** Address of its host. */
  readonly address: string;
}

/** A server, its clients and foreign peers in one process, on virtual time; everything follows from the seed. */
export class World {
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  readonly network: VirtualNetwork;
  readonly server: SimulatedServer;
  /** What happens to the server's database: nothing until a test says so. */
  readonly mishaps = new Mishaps();
  readonly #directory = mkdtempSync(join(existsSync(memoryFolder) ? memoryFolder : tmpdir(), 'opencpm-world-'));
  #hosts = 1;

  constructor(options: WorldOptions) {
    this.random = new SeededRandom(options.seed);
    const { clock } = this;
    this.network = new VirtualNetwork({
      clock,
      random: this.random.fork('network'),
      ...(options.conditions && { conditions: options.conditions }),
    });
    this.server = new SimulatedServer({
      clock,
      network: this.network,
      random: this.random.fork('server'),
      address: serverAddress,
      file: join(this.#directory, 'world.db'),
      configuration: worldConfiguration(options),
      mishaps: this.mishaps,
      ...(options.commitMilliseconds !== undefined && { schedule: slowCommits(clock, options.commitMilliseconds) }),
    });
  }

  /** Runs virtual time until the promise has settled. */
  run<T>(promise: Promise<T>, limitMilliseconds = 60_000): Promise<T> {
    return this.clock.runToEnd(promise, limitMilliseconds);
  }

  /** A host of its own for whoever comes into the world. */
  nextAddress(): string {
    this.#hosts += 1;
    return `10.0.0.${this.#hosts}`;
  }

  client(user: string, more: Partial<ClientOptions> = {}, handlers: Partial<ClientHandlers> = {}): SimulatedClient {
    const address = this.nextAddress();
    const messages: ReceivedMessage[] = [];
    const dispositions: ReceivedDisposition[] = [];
    const random = this.random.fork(`client ${address}`);
    const platform = { clock: this.clock, random, hashes: virtualHashes(), network: this.network.host(address, user), octets: nodeOctets };
    const client = new CpmClient(
      platform,
      {
        identity: `sip:${user}@${domain}`,
        password: user,
        server: { transport: 'UDP', ...serverPort },
        local: { host: address, port: 5060 },
        ...more,
      },
      {
        message: (received) => void messages.push(received),
        disposition: (received) => void dispositions.push(received),
        ...handlers,
      },
    );
    return { client, messages, dispositions, address };
  }

  /** A SIP peer that nobody here wrote. */
  async peer(name: string, script?: PeerScript): Promise<ScriptedPeer> {
    const address = this.nextAddress();
    const network = this.network.host(address, name);
    const random = this.random.fork(`peer ${address}`);
    return ScriptedPeer.start({ network, clock: this.clock, random, address: { host: address, port: 5060 }, ...(script && { script }) });
  }

  /** A SIP client that nobody here wrote, of a user of this world. */
  async phone(user: string, script?: PeerScript): Promise<Phone> {
    const peer = await this.peer(user, script);
    return new Phone({ peer, clock: this.clock, server: serverPort, domain, user });
  }

  /** The same, registered. */
  async registeredPhone(user: string, registration: Registration = {}, script?: PeerScript): Promise<Phone> {
    const phone = await this.phone(user, script);
    const response = await phone.register(registration);
    if (response.status !== 200) throw new Error(`${user} got ${response.status} to his REGISTER`);
    return phone;
  }

  /** Removes the files of the world. */
  end(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function worldConfiguration(options: WorldOptions): Configuration {
  const defaults = defaultConfiguration(domain);
  return {
    ...defaults,
    listen: [
      { transport: 'UDP', ...serverPort },
      { transport: 'TCP', ...serverPort },
    ],
    http: { listen: undefined },
    users: (options.users ?? ['alice', 'bob']).map((user) => (typeof user === 'string' ? simulatedUser(user) : user)),
    trustedPeers: (options.trustedPeers ?? []).map((address) => ({ address })),
    routes: options.routes ?? {},
    records: { ...defaults.records, ...options.records },
    drainSeconds: options.drainSeconds ?? defaults.drainSeconds,
    ...(options.isf === undefined ? {} : { isf: options.isf }),
    webhook: { ...defaults.webhook, ...(options.webhook === undefined ? {} : { url: options.webhook }) },
    policy: { ...defaults.policy, ...options.policy },
    limits: { ...defaults.limits, ...options.limits },
  };
}

function slowCommits(clock: VirtualClock, milliseconds: number): CommitSchedule {
  const pause = () => new Promise<void>((resolve) => void clock.wakeAt(clock.now() + milliseconds, resolve));
  return { beforeCommit: () => pause().then(() => Number.POSITIVE_INFINITY), beforeAnswers: pause };
}
