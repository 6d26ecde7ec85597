import type { Clause, Ledger } from './ledger.ts';
import { type ConformanceTest, idsOf, maximumIdsPerTest } from './scenario.ts';
import { tamperingsOf } from './tampering.ts';

/** What a run has proved, as the checker needs it. */
export interface RunSummary {
  /** Ids of which every proof held. */
  readonly proved: ReadonlySet<string>;
  /** Ids of which a proof did not hold. */
  readonly failed: ReadonlySet<string>;
}

/** Everything that is wrong between the ledger and the clauses; nothing here needs a run. */
export function checkLedger(clauses: readonly Clause[], ledger: Ledger): readonly string[] {
  return [...checkLists(clauses, ledger), ...checkReasons(ledger), ...checkNumber(ledger)];
}

/** Everything that is wrong between the ledger and what a run of all scenarios has shown. */
export function checkRun(ledger: Ledger, { proved, failed }: RunSummary): readonly string[] {
  const closed = new Set(ledger.closed.map(({ id }) => id));
  const open = new Set(ledger.open);
  return [
    ...ledger.tested.filter((id) => failed.has(id)).map((id) => `${id}: listed as tested, and its proof does not hold`),
    ...ledger.tested.filter((id) => !failed.has(id) && !proved.has(id)).map((id) => `${id}: listed as tested, and no test names it`),
    ...[...proved].filter((id) => open.has(id)).map((id) => `${id}: listed as open, and proved; move it to tested`),
    ...[...proved].filter((id) => closed.has(id)).map((id) => `${id}: listed as closed, and proved; take it out of closed`),
  ];
}

/** Everything that is wrong with the tests themselves. */
export function checkTests(clauses: readonly Clause[], tests: readonly ConformanceTest[]): readonly string[] {
  const known = new Set(clauses.map(({ id }) => id));
  return tests.flatMap((test) => [
    ...(idsOf(test).length > maximumIdsPerTest ? [`'${test.name}' names more than ${maximumIdsPerTest} ids`] : []),
    ...idsOf(test)
      .filter((id) => !known.has(id))
      .map((id) => `'${test.name}' names ${id}, which is no clause`),
    ...test.proofs
      .filter((proof) => tamperingsOf(proof).length === 0)
      .map(({ ids }) => `'${test.name}' has a proof of ${ids.join(', ')} that no tampering can break`),
  ]);
}

function checkLists(clauses: readonly Clause[], ledger: Ledger): readonly string[] {
  const listed = [...ledger.tested, ...ledger.closed.map(({ id }) => id), ...ledger.open];
  const times = new Map<string, number>();
  for (const id of listed) times.set(id, (times.get(id) ?? 0) + 1);
  const known = new Set(clauses.map(({ id }) => id));
  return [
    ...clauses.filter(({ id }) => !times.has(id)).map(({ id }) => `${id}: in none of the three lists`),
    ...[...times].filter(([, count]) => count > 1).map(([id, count]) => `${id}: listed ${count} times`),
    ...[...times.keys()].filter((id) => !known.has(id)).map((id) => `${id}: is no clause`),
  ];
}

function checkReasons(ledger: Ledger): readonly string[] {
  const tested = new Set(ledger.tested);
  return ledger.closed.flatMap(({ id, reason, replacedBy }) => [
    ...(reason.trim() === '' ? [`${id}: closed without a reason`] : []),
    ...replacedBy.filter((newer) => !tested.has(newer)).map((newer) => `${id}: closed because of ${newer}, which is not tested`),
  ]);
}

function checkNumber({ tested, testedAtLeast }: Ledger): readonly string[] {
  return tested.length < testedAtLeast ? [`${tested.length} ids are tested; there were ${testedAtLeast}`] : [];
}
