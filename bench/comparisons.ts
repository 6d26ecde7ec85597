import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { runProgram } from '../interop/surroundings/program.ts';
import type { ServerProcess } from '../interop/surroundings/server-process.ts';
import type { BenchOptions } from './options.ts';
import { password } from './own-server.ts';
import type { Row } from './table.ts';

/** What is compared: the commands of both sides, and how to read what they print. */
export interface Comparison {
  readonly peerCommand: readonly string[];
  readonly ownCommand: (server: ServerProcess) => readonly string[];
  /** The command through which our server is started. */
  readonly through: readonly string[];
  readonly rows: readonly Row[];
  /** What was compared, in lines for people. */
  readonly explanation: readonly string[];
}

export async function comparisonOf(options: BenchOptions): Promise<Comparison> {
  return options.what === 'relay' ? relay(options) : store(options);
}

async function relay({ peer, rate, notifications }: BenchOptions): Promise<Comparison> {
  const atRate = ['--rate', String(rate)];
  return {
    peerCommand: ['sip-relay.mjs', '--peer', peer, ...atRate],
    ownCommand: (server) => ['sip-relay.mjs', ...target(server), ...atRate],
    through: [],
    rows: relayRows,
    explanation: [
      `Relaying 1.0 KB MESSAGE requests to registered users over UDP for 10 s at ${rate}/s, ${await machine()}.`,
      ...(notifications
        ? ['Every third is a message, the other two are its notifications, delivered and displayed: for the peer three relays.']
        : []),
      'The peer forwards statefully and does nothing else. Ours reads the CPIM body, decides as both Participating Functions and',
      'sends on as a back-to-back user agent. Neither challenges the senders or writes to disk.',
    ],
  };
}

const relayRows: readonly Row[] = [
  { figure: 'relay_cpu', number: 'cpu_s_per_10k', title: 'CPU seconds per 10,000 messages', ratio: true },
  { figure: 'relay_cpu', number: 'server_cores_busy', title: 'cores busy', ratio: true },
  { figure: 'relay_latency', number: 'at_messages_per_s', title: 'messages per second' },
  { figure: 'relay_latency', number: 'failed', title: 'failed' },
  { figure: 'relay_latency', number: 'retransmissions', title: 'retransmissions of the sender' },
  { figure: 'relay_latency', number: 'p50_ms', title: 'response time, median (ms)', ratio: true },
  { figure: 'relay_latency', number: 'p95_ms', title: 'response time, 95 % (ms)', ratio: true },
  { figure: 'relay_latency', number: 'p99_ms', title: 'response time, 99 % (ms)', ratio: true },
  { figure: 'relay_cpu', number: 'pss_mb', title: 'memory after it, PSS (MB)', ratio: true },
];

async function store({ drivers, peer }: BenchOptions): Promise<Comparison> {
  const freshFileSystem = join(drivers, 'fresh-fs.sh');
  const isFresh = await canMount(freshFileSystem);
  const onFreshFileSystem = isFresh ? ['fresh-fs.sh'] : [];
  return {
    peerCommand: [...onFreshFileSystem, 'sip-store.mjs', '--peer', peer],
    ownCommand: (server) => ['sip-store.mjs', ...target(server)],
    through: isFresh ? [freshFileSystem, 'sh', '-c', 'cp opencpm.yaml "$TMPDIR" && cd "$TMPDIR" && exec "$@"', 'sh'] : [],
    rows: [...storingRows, ...deliveryRows],
    explanation: [
      `Keeping 1.0 KB MESSAGE requests for users who are away, and delivering 1,000 of them when one registers, ${await machine()}.`,
      ...(await durability(peer)),
      `Files of both on ${isFresh ? 'a new journaled ext4 each, in an image mounted by loop' : 'the file system of temporary files'}.`,
      'Our server sends at most 8 waiting messages to a client at a time; the peer sends all at once.',
    ],
  };
}

const deliveryRows: readonly Row[] = [
  { figure: 'deliver', number: 'cpu_s_per_10k', title: 'delivering: CPU seconds per 10,000 messages', ratio: true },
  { figure: 'deliver', number: 'messages_per_s', title: 'delivering: messages per second', ratio: true },
  { figure: 'deliver', number: 'first_ms', title: 'delivering: first after (ms)', ratio: true },
  { figure: 'deliver', number: 'last_ms', title: 'delivering: last after (ms)', ratio: true },
  { figure: 'deliver', number: 'copies', title: 'delivering: messages that came twice' },
  { figure: 'store_memory', number: 'pss_mb', title: 'memory after storing, PSS (MB)', ratio: true },
];

const storingRows: readonly Row[] = ['1', '16'].flatMap((window): Row[] => [
  { figure: `store_rate ${window}`, number: 'cpu_s_per_10k', title: `${window} sending: CPU seconds per 10,000 messages`, ratio: true },
  { figure: `store_rate ${window}`, number: 'messages_per_s', title: `${window} sending: stored per second`, ratio: true },
  { figure: `store_rate ${window}`, number: 'p50_ms', title: `${window} sending: response time, median (ms)`, ratio: true },
  { figure: `store_rate ${window}`, number: 'p99_ms', title: `${window} sending: response time, 99 % (ms)`, ratio: true },
]);

function target({ host, port, pid }: ServerProcess): string[] {
  return ['--target', `${host}:${port}`, '--pid', String(pid), '--password', password, '--label', 'opencpm'];
}

/** A file system of its own needs root and a loop device. */
async function canMount(freshFileSystem: string): Promise<boolean> {
  return process.getuid?.() === 0 && (await runProgram(freshFileSystem, ['true'])).code === 0;
}

/** What a message survives once it is answered 202. The peer sets nothing, so it gets what the library does by itself. */
async function durability(peer: string): Promise<string[]> {
  const ours =
    'Ours answers after an fdatasync of the redo log, SQLite commits behind it with WAL, synchronous FULL (survives a power cut).';
  if (!peer.includes('sqlite')) return [ours, `The peer is ${peer}, with the settings of its package.`];
  const { output } = await runProgram('sqlite3', [':memory:', 'PRAGMA synchronous']);
  const journal = peer.includes('wal') ? 'WAL' : 'rollback journal';
  return [
    ours,
    `The peer answers after the commit: SQLite, ${journal}, synchronous ${synchronousLevels[Number(output)] ?? output.trim()}.`,
  ];
}

/** Of `PRAGMA synchronous`. */
const synchronousLevels = ['OFF', 'NORMAL', 'FULL', 'EXTRA'];

async function machine(): Promise<string> {
  const { output } = await runProgram('kamailio', ['-v']);
  const kamailio = /kamailio (\S+)/.exec(output)?.[1] ?? '?';
  return `Kamailio ${kamailio}, Node ${process.versions.node}, ${availableParallelism()} cores, ${new Date().toISOString().slice(0, 10)}`;
}
