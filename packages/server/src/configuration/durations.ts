/** A duration as people write it: a whole number and a unit, `500ms`, `10s`, `5m`, `1h`, `7d`. */
export const durationForm = 'a duration such as 500ms, 10s, 5m, 1h or 7d';

const millisecondsOfUnit: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** Milliseconds of a written duration; undefined when the text is none, or too long to be meant. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text.trim());
  const unit = millisecondsOfUnit.get(match?.[2] ?? '');
  if (match === null || unit === undefined) return undefined;
  const milliseconds = Number(match[1]) * unit;
  return milliseconds <= Number.MAX_SAFE_INTEGER ? milliseconds : undefined;
}

/** The shortest writing of whole milliseconds: the largest unit that divides them. */
export function formatDuration(milliseconds: number): string {
  for (const [unit, length] of [...millisecondsOfUnit].reverse()) {
    if (milliseconds >= length && milliseconds % length === 0) return `${milliseconds / length}${unit}`;
  }
  return `${milliseconds}ms`;
}
