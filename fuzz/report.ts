import type { FuzzResult } from './fuzzer.ts';

/** Answers in the order of their status, each with how often it came. */
const statusWord = /(?:^|\s)([1-6]\d\d)(?=\s|$)/;

/** What a run shows at its end, in lines. */
export function reportLines({ cases, outcomes }: FuzzResult, heapSamples: readonly number[]): readonly string[] {
  return [
    ...[...cases].map(
      ([target, count]) => `${target.padEnd(10)}${String(count).padStart(9)} cases  ${outcomes.get(target)?.size ?? 0} different outcomes`,
    ),
    ...[...outcomes].flatMap(([target, words]) => statusLine(target, words)),
    `heap after collection, MB: ${heapSamples.map((octets) => (octets / 1_048_576).toFixed(1)).join(' ')}`,
  ];
}

function statusLine(target: string, words: ReadonlyMap<string, number>): readonly string[] {
  const byStatus = new Map<string, number>();
  for (const [word, count] of words) {
    const status = statusWord.exec(word)?.[1];
    if (status !== undefined) byStatus.set(status, (byStatus.get(status) ?? 0) + count);
  }
  const statuses = [...byStatus].sort(([one], [other]) => one.localeCompare(other)).map(([status, count]) => `${status}: ${count}`);
  return statuses.length === 0 ? [] : [`${target.padEnd(10)}${statuses.join('  ')}`];
}
