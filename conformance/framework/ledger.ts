import { readFileSync, writeFileSync } from 'node:fs';

/** Which clause stands where. Each id of `ids.json` is in exactly one of the three lists. */
export interface Ledger {
  /** The number of tested ids never falls below this. */
  readonly testedAtLeast: number;
  readonly tested: readonly string[];
  readonly closed: readonly ClosedClause[];
  readonly open: readonly string[];
}

export interface ClosedClause {
  readonly id: string;
  readonly reason: string;
  /** The newer clauses that take its place; the reason is true only while every one of them is tested. */
  readonly replacedBy: readonly string[];
}

export interface Clause {
  readonly id: string;
  readonly level: string;
}

const idsFile = new URL('../ids.json', import.meta.url);
const ledgerFile = new URL('../ledger.json', import.meta.url);

export function loadClauses(): readonly Clause[] {
  const ids: unknown = JSON.parse(readFileSync(idsFile, 'utf8'));
  return Object.entries(objectOf(ids, 'ids.json')).map(([id, level]) => ({ id, level: textOf(level, id) }));
}

export function loadLedger(): Ledger {
  const ledger = objectOf(JSON.parse(readFileSync(ledgerFile, 'utf8')), 'ledger.json');
  return {
    testedAtLeast: Number(ledger.testedAtLeast),
    tested: listOf(ledger.tested, 'tested').map((id) => textOf(id, 'tested')),
    closed: listOf(ledger.closed, 'closed').map(closedClause),
    open: listOf(ledger.open, 'open').map((id) => textOf(id, 'open')),
  };
}

export function saveLedger(ledger: Ledger): void {
  writeFileSync(ledgerFile, `${JSON.stringify(ledger, undefined, 2)}\n`);
}

/** The ledger after a run: what is proved is tested; what is no longer proved is open. The number never falls. */
export function ledgerAfter(ledger: Ledger, clauses: readonly Clause[], proved: ReadonlySet<string>): Ledger {
  const closed = ledger.closed.filter(({ id }) => !proved.has(id));
  const closedIds = new Set(closed.map(({ id }) => id));
  const ids = clauses.map(({ id }) => id);
  const tested = ids.filter((id) => proved.has(id));
  const open = ids.filter((id) => !proved.has(id) && !closedIds.has(id));
  return { testedAtLeast: Math.max(tested.length, ledger.testedAtLeast), tested, closed, open };
}

/** `B-8.3.1.6.1-08` belongs to section `B-8.3.1.6.1`. */
export function sectionOf(id: string): string {
  return id.slice(0, id.lastIndexOf('-'));
}

function closedClause(value: unknown): ClosedClause {
  const { id, reason, replacedBy } = objectOf(value, 'closed');
  return {
    id: textOf(id, 'closed'),
    reason: textOf(reason, 'closed'),
    replacedBy: listOf(replacedBy, 'replacedBy').map((newer) => textOf(newer, 'replacedBy')),
  };
}

function objectOf(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError(`${where}: an object is expected`);
  return { ...value };
}

function listOf(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError(`${where}: a list is expected`);
  return value;
}

function textOf(value: unknown, where: string): string {
  if (typeof value !== 'string') throw new TypeError(`${where}: a text is expected`);
  return value;
}
