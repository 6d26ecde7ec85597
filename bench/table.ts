import type { Pair } from './pair.ts';

/** A line of the table: which number of which figure, and what it is called. */
export interface Row {
  readonly figure: string;
  readonly number: string;
  readonly title: string;
  /** True for costs and times: what is compared is the ratio to the peer. */
  readonly ratio?: boolean;
}

const titleWidth = 46;
const valueWidth = 12;

/** Medians over the pairs; for costs also our ratio to the peer, of the medians' pair by pair and its median. */
export function formatTable(rows: readonly Row[], pairs: readonly Pair[], peer: string, own = 'opencpm'): string {
  const head = [
    ''.padEnd(titleWidth),
    peer.padStart(Math.max(valueWidth, peer.length)),
    own.padStart(valueWidth),
    '  ratio: median (each pair)',
  ];
  const width = Math.max(valueWidth, peer.length);
  return [head.join(''), ...rows.map((row) => formatRow(row, pairs, width))].join('\n');
}

function formatRow({ figure, number, title, ratio = false }: Row, pairs: readonly Pair[], width: number): string {
  const sides = pairs.map((pair) => ({ peer: pair.get(figure)?.peer.get(number), own: pair.get(figure)?.own.get(number) }));
  const values = (side: 'peer' | 'own'): number[] => sides.flatMap((one) => one[side] ?? []);
  const ratios = sides.flatMap(({ peer, own }) => (peer === undefined || own === undefined || peer === 0 ? [] : [own / peer]));
  const shown = [
    title.padEnd(titleWidth),
    formatNumber(median(values('peer'))).padStart(width),
    formatNumber(median(values('own'))).padStart(valueWidth),
  ];
  if (ratio && ratios.length > 0) shown.push(`  ${median(ratios).toFixed(2)} (${ratios.map((each) => each.toFixed(2)).join(' ')})`);
  return shown.join('');
}

function formatNumber(value: number): string {
  if (Number.isNaN(value)) return '-';
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : 2;
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
