import type { Numbers, Pair } from './pair.ts';
import type { Row } from './table.ts';

/** What one run of a driver measured: a line of JSON for each figure, told apart by the senders in flight where there are several. */
export function readFigures(output: string): ReadonlyMap<string, Numbers> {
  const lines = output.split('\n').filter((line) => line !== '');
  return new Map(lines.map((line) => readFigure(JSON.parse(line))));
}

function readFigure(line: unknown): [string, Numbers] {
  if (typeof line !== 'object' || line === null || !('figure' in line)) throw new TypeError('the driver printed a line without a figure');
  const numbers = new Map(Object.entries(line).flatMap(([name, value]) => (typeof value === 'number' ? [[name, value] as const] : [])));
  const window = numbers.get('window');
  return [window === undefined ? String(line.figure) : `${line.figure} ${window}`, numbers];
}

/** SQLite in the place of the peer. Throws when one of both has not measured what the other one has. */
export function pairOf(sqlite: ReadonlyMap<string, Numbers>, postgres: ReadonlyMap<string, Numbers>): Pair {
  const figures = [...new Set([...sqlite.keys(), ...postgres.keys()])];
  return new Map(
    figures.map((figure) => {
      const [peer, own] = [sqlite.get(figure), postgres.get(figure)];
      if (peer === undefined || own === undefined) throw new Error(`only one of both engines has ${figure}`);
      return [figure, { peer, own }];
    }),
  );
}

/** The lines of the table for so many in flight beside one alone. */
export function engineRows(window: number): readonly Row[] {
  return [...[...new Set([1, window])].flatMap(storing), ...delivering];
}

function storing(window: number): readonly Row[] {
  const figure = `store_rate ${window}`;
  return [
    { figure, number: 'cpu_s_per_10k', title: `${window} sending: CPU s per 10,000, server`, ratio: true },
    { figure, number: 'db_cpu_s_per_10k', title: '    processes of the database, not counted' },
    { figure, number: 'messages_per_s', title: `${window} sending: stored per second`, ratio: true },
    { figure, number: 'p50_ms', title: `${window} sending: response time, median (ms)`, ratio: true },
    { figure, number: 'p99_ms', title: `${window} sending: response time, 99 % (ms)`, ratio: true },
    { figure, number: 'retransmissions', title: '    sent again' },
  ];
}

const delivering: readonly Row[] = [
  { figure: 'deliver', number: 'cpu_s_per_10k', title: 'delivering: CPU s per 10,000, server', ratio: true },
  { figure: 'deliver', number: 'db_cpu_s_per_10k', title: '    processes of the database, not counted' },
  { figure: 'deliver', number: 'last_ms', title: 'delivering: last of 1,000 after (ms)', ratio: true },
  { figure: 'deliver', number: 'copies', title: 'delivering: messages that came twice' },
  { figure: 'store_memory', number: 'pss_mb', title: 'memory of the server after storing, PSS (MB)', ratio: true },
];
