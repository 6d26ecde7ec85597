import type { WireEntry, WireLog } from './wire-log.ts';
import { elapsedText } from './wire-log.ts';
import { WireMessages } from './wire-messages.ts';

const timeColumns = 12;
const leastColumnsPerHost = 44;
const gapColumns = 4;

/** One message or event between two hosts, drawn as an arrow. */
interface Arrow {
  readonly fromColumn: number;
  readonly toColumn: number;
  readonly label: string;
  /** What the network did, where that is not the usual. */
  readonly remark: string;
  readonly lost: boolean;
}

/**
 * A call-flow ladder of a wire log: a column for each host that took part, an arrow for each SIP message with its first
 * line (a response also with the method that it answers), one for each connection opened, refused, ended or reset. An
 * arrow that ends in `x` did not arrive. Segments of one message on TCP are one arrow, at the last of them; a connection
 * that ends half-way through one says within what. `isShown` leaves out what a story is not about.
 */
export function formatLadder(wireLog: WireLog, isShown: (entry: WireEntry) => boolean = () => true): string {
  const hosts = hostsOf(wireLog, isShown);
  const names = hosts.map((host) => wireLog.names.get(host) ?? host);
  const spacing = Math.max(leastColumnsPerHost, ...names.map((name) => name.length + gapColumns));
  const columns = hosts.map((_host, index) => timeColumns + index * spacing);
  const messages = new WireMessages();
  const rows = wireLog.entries.flatMap((entry) => {
    const labels = messages.labels(entry);
    return (isShown(entry) ? labels : []).map((label) => {
      const time = elapsedText(entry.atMilliseconds, wireLog.startMilliseconds);
      return arrowRow(
        time,
        columns,
        arrowOf(entry, label, (host) => columns[hosts.indexOf(host)] ?? timeColumns),
      );
    });
  });
  return [nameRow(names, columns), ...rows].map((row) => `${row.trimEnd()}\n`).join('');
}

/** In the order in which they were named; the ones that were never named come last. */
function hostsOf(wireLog: WireLog, isShown: (entry: WireEntry) => boolean): readonly string[] {
  const present = new Set(wireLog.entries.filter(isShown).flatMap((entry) => [entry.from.host, entry.to.host]));
  const named = [...wireLog.names.keys()].filter((host) => present.has(host));
  return [...named, ...[...present].filter((host) => !wireLog.names.has(host))];
}

function arrowOf(entry: WireEntry, label: string, columnOf: (host: string) => number): Arrow {
  const arrived = entry.fate === 'sent' || entry.fate === 'doubled' || entry.fate === 'late';
  const remark = entry.fate === 'sent' ? '' : ` [${entry.fate}]`;
  return { fromColumn: columnOf(entry.from.host), toColumn: columnOf(entry.to.host), label, remark, lost: !arrived };
}

function nameRow(names: readonly string[], columns: readonly number[]): string {
  return names.reduce((row, name, index) => row.padEnd(columns[index] ?? 0) + name, '');
}

function arrowRow(time: string, columns: readonly number[], arrow: Arrow): string {
  const first = Math.min(arrow.fromColumn, arrow.toColumn);
  const last = Math.max(arrow.fromColumn, arrow.toColumn);
  const drawn = first === last ? `| ${arrow.label}${arrow.remark}` : `|${shaft(arrow, last - first - 1)}|`;
  const before = columns.filter((column) => column < first);
  const after = columns.filter((column) => column >= first + drawn.length);
  let row = time.padStart(timeColumns - 2);
  for (const column of before) row = `${row.padEnd(column)}|`;
  row = row.padEnd(first) + drawn;
  for (const column of after) row = `${row.padEnd(column)}|`;
  return row;
}

/** The arrow's line without the two lifelines: at least one dash on both sides of the label, the head at the target. */
function shaft(arrow: Arrow, length: number): string {
  const rightward = arrow.toColumn > arrow.fromColumn;
  const room = length - 6 - arrow.remark.length;
  const label = arrow.label.length > room ? `${arrow.label.slice(0, room - 3)}...` : arrow.label;
  const line = `- ${label}${arrow.remark} `.padEnd(length - 1, '-');
  if (rightward) return `${line}${arrow.lost ? 'x' : '>'}`;
  return `${arrow.lost ? 'x' : '<'}${line}`;
}
