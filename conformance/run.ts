/**
 * `npm run conformance`: runs every scenario against a server of its own and holds the result against the ledger.
 *
 *   --json              one line: {"total":803,"tested":N,"closed":N,"open":N}; with --evidence also the wire lines of each id
 *   --id ID             only the tests that name this clause, with their wire lines
 *   --evidence DIR      writes the wire lines of each tested id to DIR/<id>.txt
 *   --tamper            breaks each proved property on the wire and shows that its test notices; with --id only of that clause,
 *                       with --sample N [--seed S] only N tamperings
 *   --accept            writes the ledger and docs/conformance.md as this run has them
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { checkLedger, checkRun, checkTests } from './framework/checker.ts';
import { ledgerAfter, loadClauses, loadLedger, saveLedger } from './framework/ledger.ts';
import { evidenceOf, summarize, totalsBySection, totalsOf } from './framework/outcome.ts';
import { conformancePage } from './framework/page.ts';
import { runScenarios, runTampered, ServerBench, type TestResult, tamperedProofs } from './framework/runner.ts';
import { sample } from './framework/sample.ts';
import { idsOf, type Scenario } from './framework/scenario.ts';
import { scenarios } from './scenarios/index.ts';

const pageFile = new URL('../docs/conformance.md', import.meta.url);
const { values: options } = parseArgs({ options: optionTypes(), args: withOptionalValue(process.argv.slice(2)) });
const clauses = loadClauses();
const ledger = loadLedger();
const tests = scenarios.flatMap((scenario) => scenario.tests);
const bench = new ServerBench();
try {
  process.exitCode = await (options.tamper === true ? tamper() : prove());
} finally {
  await bench.close();
}

function optionTypes() {
  return {
    json: { type: 'boolean' },
    id: { type: 'string' },
    evidence: { type: 'string' },
    tamper: { type: 'boolean' },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    accept: { type: 'boolean' },
  } as const;
}

/** `--evidence` may stand without a folder. */
function withOptionalValue(args: readonly string[]): string[] {
  return args.map((arg, index) => {
    const next = args[index + 1];
    return arg === '--evidence' && (next === undefined || next.startsWith('--')) ? '--evidence=' : arg;
  });
}

async function prove(): Promise<number> {
  const results = await runScenarios(bench, scenariosFor(options.id));
  const summary = summarize(results);
  if (options.id !== undefined) return printOne(options.id, results);
  if (options.accept === true) return accept(summary.proved);
  const problems = [...checkTests(clauses, tests), ...checkLedger(clauses, ledger), ...checkRun(ledger, summary)];
  if (options.evidence !== undefined && options.evidence !== '') writeEvidence(options.evidence, results);
  if (options.json === true) printJson(results, summary.proved);
  else printTable(results, summary.proved);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  return problems.length === 0 && summary.failed.size === 0 ? 0 : 1;
}

async function tamper(): Promise<number> {
  const all = tamperedProofs(scenariosFor(options.id)).filter(({ proof }) => options.id === undefined || proof.ids.includes(options.id));
  const chosen = options.sample === undefined ? all : sample(all, Number(options.sample), Number(options.seed));
  const results = await runTampered(bench, chosen);
  for (const { proof, test, tampering, outcome } of results) {
    if (outcome !== 'red') process.stdout.write(`${outcome}: ${proof.ids.join(' ')} (${test.name}): ${tampering}\n`);
  }
  const red = results.filter(({ outcome }) => outcome === 'red').length;
  process.stdout.write(`${red} of ${results.length} proofs turned red\n`);
  return red === results.length && red > 0 ? 0 : 1;
}

function scenariosFor(id: string | undefined): readonly Scenario[] {
  if (id === undefined) return scenarios;
  return scenarios.filter((scenario) => scenario.tests.some((test) => idsOf(test).includes(id)));
}

function printOne(id: string, results: readonly TestResult[]): number {
  const lines = evidenceOf(id, results);
  process.stdout.write(lines.length === 0 ? `no test names ${id}\n` : `${id}\n${lines.join('\n')}\n`);
  for (const stopped of stopsOf(results)) process.stdout.write(`${stopped}\n`);
  return summarize(results).proved.has(id) ? 0 : 1;
}

function printJson(results: readonly TestResult[], proved: ReadonlySet<string>): void {
  const totals = totalsOf(clauses, ledger, proved);
  const evidence = Object.fromEntries([...proved].sort().map((id) => [id, evidenceOf(id, results)]));
  process.stdout.write(`${JSON.stringify(options.evidence === undefined ? totals : { ...totals, evidence })}\n`);
}

function printTable(results: readonly TestResult[], proved: ReadonlySet<string>): void {
  for (const section of totalsBySection(clauses, ledger, proved)) {
    const { section: name, total, tested, closed, open } = section;
    process.stdout.write(
      `${name.padEnd(16)} ${row(total, 'clauses')} ${row(tested, 'tested')} ${row(closed, 'closed')} ${row(open, 'open')}\n`,
    );
  }
  for (const line of brokenLines(results)) process.stdout.write(`${line}\n`);
  const { total, tested, closed, open } = totalsOf(clauses, ledger, proved);
  process.stdout.write(`${total} clauses: ${tested} tested, ${closed} closed, ${open} open\n`);
}

function row(count: number, what: string): string {
  return `${String(count).padStart(4)} ${what}`;
}

function brokenLines(results: readonly TestResult[]): readonly string[] {
  const broken = results.flatMap(({ test, verdicts }) =>
    verdicts
      .filter(({ holds }) => !holds)
      .map(({ proof, evidence }) => [`BROKEN ${proof.ids.join(' ')} (${test.name})`, ...evidence.map((line) => `    ${line}`)]),
  );
  return [...stopsOf(results), ...broken.flat()];
}

function stopsOf(results: readonly TestResult[]): readonly string[] {
  return [
    ...new Set(
      results.filter(({ stopped }) => stopped !== undefined).map(({ scenario, stopped }) => `STOPPED ${scenario.name}: ${stopped}`),
    ),
  ];
}

function writeEvidence(folder: string, results: readonly TestResult[]): void {
  mkdirSync(folder, { recursive: true });
  for (const id of summarize(results).proved) writeFileSync(join(folder, `${id}.txt`), `${evidenceOf(id, results).join('\n')}\n`);
}

function accept(proved: ReadonlySet<string>): number {
  const accepted = ledgerAfter(ledger, clauses, proved);
  saveLedger(accepted);
  writeFileSync(pageFile, conformancePage(clauses, accepted, tests));
  process.stdout.write(
    `${accepted.tested.length} tested (${ledger.tested.length} before), ${accepted.closed.length} closed, ${accepted.open.length} open\n`,
  );
  return 0;
}
