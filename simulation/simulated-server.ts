import { type Configuration, type ConfiguredUser, createServer, type LogFile, type Server, type ServerPlatform } from '@opencpm/server';
import type { Flow, Network, NetworkUser } from '@opencpm/sip';
import { nodeOctets } from '@opencpm/sip/node';
import { type CommitSchedule, type InThreadDatabase, openSqliteInThread } from '@opencpm/storage';
import { type ProcessClock, type SeededRandom, type VirtualClock, type VirtualNetwork, virtualHashes } from '@opencpm/testkit';
import type { Mishaps } from './mishaps.ts';

export interface SimulatedServerOptions {
  readonly clock: VirtualClock;
  readonly network: VirtualNetwork;
  readonly random: SeededRandom;
  /** Address of the host that the server runs on. */
  readonly address: string;
  /** The SQLite file; it outlives a crash. */
  readonly file: string;
  readonly configuration: Configuration;
  readonly schedule?: CommitSchedule;
  readonly mishaps: Mishaps;
}

/** What a whole server says in its log, for a test that looks for faults. */
export interface LogLine {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  readonly text: string;
  readonly fields: { readonly [name: string]: string | number | boolean | undefined };
}

/** What came to a process of the server, as it came: a datagram or a piece of a stream. */
export interface HeardOctets {
  readonly at: number;
  readonly flow: Flow;
  readonly octets: Uint8Array;
}

/**
 * A whole server on virtual clock and network, its SQLite engine in the same thread. It can be crashed: its sockets,
 * timers and unanswered commits are gone, its file stays; `start` then begins a new process on the same file.
 */
export class SimulatedServer {
  readonly log: LogLine[] = [];
  readonly heard: HeardOctets[] = [];
  /** Lines of the message record file, when the configuration names one. */
  readonly records: string[] = [];
  /** What the server posted to a webhook. */
  readonly posted: { readonly url: string; readonly body: string }[] = [];
  /** What a test puts between the server and its platform, for each of its processes. */
  spoil: (platform: ServerPlatform) => ServerPlatform = (platform) => platform;
  readonly #options: SimulatedServerOptions;
  #life: Life | undefined;
  #lives = 0;

  constructor(options: SimulatedServerOptions) {
    this.#options = options;
  }

  get server(): Server {
    if (this.#life === undefined) throw new Error('the server is down');
    return this.#life.server;
  }

  get isUp(): boolean {
    return this.#life !== undefined;
  }

  /** Timers of the running process that are still to come. */
  get pendingWakes(): number {
    return this.#life?.clock.pendingWakes ?? 0;
  }

  /** Begins a process whose clock is off by that much. The returned promise settles only while virtual time runs. */
  async start(skewMilliseconds = 0): Promise<void> {
    const { clock, random } = this.#options;
    this.#lives += 1;
    const process = { clock: clock.process(skewMilliseconds), random: random.fork(`process ${this.#lives}`) };
    let database: InThreadDatabase | undefined;
    const platform = this.#platform(process, (opened) => {
      database = opened;
    });
    const server = await createServer(this.spoil(platform), this.#options.configuration);
    if (database === undefined) throw new Error('the server opened no database');
    this.#life = { server, database, clock: process.clock };
  }

  /** As kill -9: nothing more is sent, written or woken. With `silently` the machine loses its power. */
  crash(options: { readonly silently?: boolean } = {}): void {
    if (this.#life === undefined) throw new Error('the server is down already');
    this.#life.clock.stop();
    this.#life.database.crash();
    this.#options.network.crashHost(this.#options.address, options);
    this.#life = undefined;
  }

  /** Resolves with the number of timers that the process has left behind. */
  async stop(): Promise<number> {
    await this.server.stop();
    const left = this.pendingWakes;
    this.#life = undefined;
    return left;
  }

  #platform(
    process: { readonly clock: ProcessClock; readonly random: SeededRandom },
    opened: (database: InThreadDatabase) => void,
  ): ServerPlatform {
    const { network, address, file, schedule, mishaps } = this.#options;
    return {
      clock: process.clock,
      random: process.random,
      hashes: virtualHashes(),
      network: this.#overheard(network.host(address, 'server')),
      octets: nodeOctets,
      openDatabase: () => {
        const database = openSqliteInThread(schedule === undefined ? { file } : { file, schedule });
        opened(database);
        return Promise.resolve(mishaps.before(database));
      },
      postJson: (url, body) => {
        this.posted.push({ url, body });
        return Promise.resolve(204);
      },
      observation: this.#observation(process.clock),
    };
  }

  #overheard(network: Network): Network {
    const overheard = (user: NetworkUser): NetworkUser => ({
      received: (octets, flow) => {
        this.heard.push({ at: this.#options.clock.now(), flow, octets: octets.slice() });
        user.received(octets, flow);
      },
      flowOpened: (flow) => user.flowOpened?.(flow),
      flowClosed: (flow, reason) => user.flowClosed(flow, reason),
    });
    return {
      listen: (transport, address, user) => network.listen(transport, address, overheard(user)),
      datagramFlow: (listener, remote) => network.datagramFlow(listener, remote),
      connect: (remote, user, timeoutMilliseconds) => network.connect(remote, overheard(user), timeoutMilliseconds),
      dns: network.dns,
    };
  }

  /** No HTTP, no process to measure, records in memory. */
  #observation(clock: ProcessClock): ServerPlatform['observation'] {
    return {
      precise: () => clock.now(),
      processFigures: () => ({ cpuSeconds: 0, residentBytes: 0, heapBytes: 0, externalBytes: 0 }),
      watchEventLoop: () => () => undefined,
      listenHttp: () => Promise.reject(new Error('there is no HTTP on the virtual network')),
      openLog: () => this.#openLog(),
      openRecords: (_settings, { written }) => {
        const write = (line: string) => {
          this.records.push(line);
          written(1);
        };
        return Promise.resolve({ write, reopen: () => undefined, close: () => Promise.resolve() });
      },
    };
  }

  #openLog(): LogFile {
    const at = (level: LogLine['level']) => (fields: LogLine['fields'], text: string) => {
      this.log.push({ level, text, fields });
    };
    return { debugging: true, error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug'), reopen: () => undefined };
  }
}

interface Life {
  readonly server: Server;
  readonly database: InThreadDatabase;
  readonly clock: ProcessClock;
}

/** A user of a world whose password is his name. */
export function simulatedUser(user: string, ...identities: readonly string[]): ConfiguredUser {
  return { user, password: user, identities, loopbackOnly: false };
}
