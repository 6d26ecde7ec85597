import type { KillRun } from './kill-run.ts';
import { acceptedAt, judge, type Ledger, type MessageEntry, type Place, type Remainder, storyOf, type Verdict } from './ledger.ts';

/** What became of all messages of a run. */
export interface Account {
  readonly kills: number;
  readonly written: number;
  readonly accepted: number;
  /** Of the accepted ones; `not accepted` is the rest. */
  readonly places: Readonly<Record<Place, number>>;
  readonly doubled: number;
  readonly remainders: Readonly<Record<Remainder, number>>;
  /** A line for what is wrong, and behind it the story of the message. */
  readonly violations: readonly string[];
}

export function accountOf({ ledger, faults }: Pick<KillRun, 'ledger' | 'faults'>): Account {
  const judged = [...ledger.messages.values()].map((entry) => ({ entry, verdict: judge(entry, ledger) }));
  const inPlace = (place: Place) => judged.filter(({ entry, verdict }) => verdict.place === place && isCounted(entry, place)).length;
  const met = (remainder: Remainder) => judged.filter(({ verdict }) => verdict.remainders.includes(remainder)).length;
  return {
    kills: ledger.kills.length,
    written: judged.length,
    accepted: judged.filter(({ entry }) => acceptedAt(entry) !== undefined).length,
    places: {
      delivered: inPlace('delivered'),
      waiting: inPlace('waiting'),
      expired: inPlace('expired'),
      lost: inPlace('lost'),
      'not accepted': inPlace('not accepted'),
    },
    doubled: judged.filter(({ verdict }) => verdict.isDoubled).length,
    remainders: { 'shown again': met('shown again'), 'told of both': met('told of both') },
    violations: [
      ...faults,
      ...(judged.length === 0 ? ['nobody wrote anything'] : []),
      ...judged.flatMap(({ entry, verdict }) => told(entry, verdict, ledger)),
    ],
  };
}

/** The equation is about accepted messages; what was not accepted is one place of its own. */
function isCounted(entry: MessageEntry, place: Place): boolean {
  return place === 'not accepted' || acceptedAt(entry) !== undefined;
}

function told(entry: MessageEntry, { violations }: Verdict, ledger: Ledger): string[] {
  if (violations.length === 0) return [];
  const { id, from, to } = entry.message;
  return [`${id} from ${from} to ${to}: ${violations.join('; ')}\n${storyOf(entry, ledger).join('\n')}`];
}

const columns = [
  'kills',
  'accepted',
  'delivered',
  'waiting',
  'expired',
  'lost',
  'doubled',
  'shown again',
  'told of both',
  'not accepted',
] as const;

/** A line for each engine. Accepted is the sum of delivered, waiting, expired and lost. */
export function tableOf(accounts: ReadonlyMap<string, Account>): string {
  const rows = [...accounts].map(([engine, { kills, accepted, places, doubled, remainders }]) => {
    const figures = { kills, accepted, doubled, ...places, ...remainders };
    return [engine, ...columns.map((column) => String(figures[column]))];
  });
  const all = [['engine', ...columns], ...rows];
  const widths = ['engine', ...columns].map((_, index) => Math.max(...all.map((row) => row[index]?.length ?? 0)));
  return all
    .map((row) => row.map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0))).join('  '))
    .join('\n');
}
