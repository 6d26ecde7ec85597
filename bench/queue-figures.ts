/** Times in milliseconds, in the order of their measurement. */
export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

export function spreadOf(milliseconds: readonly number[]): Spread {
  const sorted = milliseconds.toSorted((one, other) => one - other);
  const at = (share: number) => rounded(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN);
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), most: at(1) };
}

/** What was sent at a steady pace, each with its own time. */
export interface Relayed {
  readonly sentAt: number;
  /** Undefined when it was not relayed. */
  readonly milliseconds: number | undefined;
}

export interface RelaySpread extends Spread {
  readonly failed: number;
  /** The median of the 99 % of each second: one stall of a machine that others use does not show in it. */
  readonly typicalP99: number;
}

/** Of what was sent from `from` on and before `to`. */
export function relaysBetween(relayed: readonly Relayed[], from: number, to: number): RelaySpread {
  const sent = relayed.filter(({ sentAt }) => sentAt >= from && sentAt < to);
  const times = sent.flatMap(({ milliseconds }) => (milliseconds === undefined ? [] : [milliseconds]));
  const seconds = Map.groupBy(sent, ({ sentAt }) => Math.floor((sentAt - from) / 1000));
  const p99s = [...seconds.values()].map((of) => spreadOf(of.map(({ milliseconds = 0 }) => milliseconds)).p99);
  return { ...spreadOf(times), failed: sent.length - times.length, typicalP99: spreadOf(p99s).p50 };
}

/** What should come once each, what came, and what came again as another request. */
export interface Deliveries {
  readonly expected: number;
  readonly delivered: number;
  readonly doubled: number;
}

export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

export function spreadText({ count, p50, p99, most }: Spread): string {
  return `p50 ${p50} ms, p99 ${p99} ms, most ${most} ms of ${count}`;
}

export function relayText(spread: RelaySpread): string {
  return `${spreadText(spread)}, ${spread.failed} failed; p99 of a second, median ${spread.typicalP99} ms`;
}
