import type { RunSummary } from './checker.ts';
import { type Clause, type Ledger, sectionOf } from './ledger.ts';
import type { TestResult } from './runner.ts';
import type { Verdict } from './verdict.ts';

/** What `--json` prints. */
export interface Totals {
  readonly total: number;
  readonly tested: number;
  readonly closed: number;
  readonly open: number;
}

export interface SectionTotals extends Totals {
  readonly section: string;
}

/** An id is proved when every proof that names it holds, and there is one at least. */
export function summarize(results: readonly TestResult[]): RunSummary {
  const failed = new Set<string>();
  const held = new Set<string>();
  for (const { proof, holds } of results.flatMap(({ verdicts }) => verdicts)) {
    for (const id of proof.ids) (holds ? held : failed).add(id);
  }
  return { proved: new Set([...held].filter((id) => !failed.has(id))), failed };
}

export function totalsOf(clauses: readonly Clause[], ledger: Ledger, proved: ReadonlySet<string>): Totals {
  const closedIds = new Set(ledger.closed.map(({ id }) => id));
  const tested = clauses.filter(({ id }) => proved.has(id)).length;
  const closed = clauses.filter(({ id }) => closedIds.has(id) && !proved.has(id)).length;
  return { total: clauses.length, tested, closed, open: clauses.length - tested - closed };
}

export function totalsBySection(clauses: readonly Clause[], ledger: Ledger, proved: ReadonlySet<string>): readonly SectionTotals[] {
  const sections = Map.groupBy(clauses, ({ id }) => sectionOf(id));
  return [...sections].map(([section, own]) => ({ section, ...totalsOf(own, ledger, proved) }));
}

/** The wire lines of every proof that names the id, under the names of the tests. */
export function evidenceOf(id: string, results: readonly TestResult[]): readonly string[] {
  return results.flatMap(({ test, verdicts }) => {
    const own = verdicts.filter(({ proof }) => proof.ids.includes(id));
    return own.length === 0 ? [] : [`${test.name}:`, ...own.flatMap(evidenceLines)];
  });
}

function evidenceLines({ holds, evidence }: Verdict): readonly string[] {
  return evidence.map((line, index) => `  ${index === 0 ? `${holds ? 'held' : 'BROKEN'}  ` : '      '}${line}`);
}
