import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { checkLedger, checkRun, checkTests } from './framework/checker.ts';
import { loadClauses, loadLedger } from './framework/ledger.ts';
import { summarize } from './framework/outcome.ts';
import { conformancePage } from './framework/page.ts';
import { runScenarios, runTampered, ServerBench, tamperedProofs } from './framework/runner.ts';
import { sample } from './framework/sample.ts';
import { idsOf } from './framework/scenario.ts';
import { scenarios } from './scenarios/index.ts';

const clauses = loadClauses();
const ledger = loadLedger();
const tests = scenarios.flatMap((scenario) => scenario.tests);
const specification = new URL('../../shared/spec/clauses.json', import.meta.url);

describe('conformance', async () => {
  const bench = new ServerBench();
  after(() => bench.close());
  const results = await runScenarios(bench, scenarios);

  for (const { scenario, test: one, verdicts, stopped } of results) {
    test(`${one.name} (${idsOf(one).join(', ')})`, () => {
      const broken = verdicts.filter(({ holds }) => !holds).map(({ proof, evidence }) => [proof.ids.join(' '), ...evidence].join('\n'));
      assert.deepEqual(broken, [], stopped === undefined ? undefined : `${scenario.name}: ${stopped}\n${broken.join('\n')}`);
    });
  }

  test('the ledger is in order and agrees with the run', () => {
    assert.deepEqual([...checkTests(clauses, tests), ...checkLedger(clauses, ledger), ...checkRun(ledger, summarize(results))], []);
  });

  test('a few proofs, broken on the wire, turn red', async () => {
    const tampered = await runTampered(bench, sample(tamperedProofs(scenarios), 5, 20));
    const wrong = tampered.filter(({ outcome }) => outcome !== 'red').map(({ tampering, outcome }) => `${outcome}: ${tampering}`);
    assert.deepEqual(wrong, []);
  });
});

test('docs/conformance.md is what the ledger and the tests say', () => {
  const page = readFileSync(new URL('../docs/conformance.md', import.meta.url), 'utf8');
  assert.equal(page, conformancePage(clauses, ledger, tests), 'run npm run conformance -- --accept');
});

test('README.md has the number of tested clauses', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  assert.equal(/(\d+) of \d+ so far/.exec(readme)?.[0], `${ledger.tested.length} of ${clauses.length} so far`);
});

test('the ids are those of the specification', { skip: existsSync(specification) ? false : 'the specification is not here' }, () => {
  const listed: unknown = JSON.parse(readFileSync(specification, 'utf8'));
  assert.ok(Array.isArray(listed));
  assert.deepEqual(
    listed.map(({ id, level }) => ({ id, level })),
    clauses,
  );
});
