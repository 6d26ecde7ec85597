import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { describe, it } from 'node:test';
import { outcomeOf } from './day/outcome.ts';
import { planDay } from './day/plan.ts';
import { plantedBugs } from './day/planted-bugs.ts';
import { runDay } from './day/run-day.ts';
import { shrink } from './day/shrink.ts';
import { storyOf } from './day/story.ts';

/** `npm test` lives so many days, or as many as there is time for; `npm run sim` lives more. */
const mostDays = 200;
const leastDays = 20;
const budgetMilliseconds = 40_000;
/** Within so many days each planted bug is found. */
const daysForABug = 1000;

describe('days of a server and its users (design: what the checkers hold)', () => {
  it('keep every promise', async (test) => {
    const began = performance.now();
    let days = 0;
    for (let seed = 1; seed <= mostDays; seed += 1) {
      const { violations } = await outcomeOf(planDay(seed));
      assert.deepEqual(violations, [], `npm run sim -- --seed ${seed}`);
      days += 1;
      if (days >= leastDays && performance.now() - began > budgetMilliseconds) break;
    }
    test.diagnostic(`${days} days`);
  });

  it('are octet for octet the same when they are lived again', async () => {
    const [first, again, other] = [await outcomeOf(planDay(7)), await outcomeOf(planDay(7)), await outcomeOf(planDay(8))];
    assert.equal(first.digest, again.digest);
    assert.notEqual(first.digest, other.digest);
  });

  it('are days, too, without any of their events', async () => {
    const plan = planDay(3);
    for (const events of [[], plan.events.slice(1), plan.events.slice(0, 5)]) {
      assert.equal((await runDay({ ...plan, events })).end.failure, undefined);
    }
  });
});

describe('the checkers', () => {
  for (const { name, found, day, spoil } of plantedBugs) {
    it(`find a server that ${name}`, async (test) => {
      for (const seed of [day, ...Array.from({ length: daysForABug - 1 }, (_, index) => index + 1)]) {
        const { violations } = await outcomeOf(planDay(seed), spoil);
        if (violations.length === 0) continue;
        assert.ok(
          violations.some(({ checker }) => found.includes(checker)),
          JSON.stringify(violations),
        );
        test.diagnostic(`by seed ${seed}`);
        return;
      }
      assert.fail(`${daysForABug} days have not shown it`);
    });
  }
});

describe('a violated day', () => {
  const bug = plantedBugs.find(({ name }) => name === 'deletes before the client’s 2xx');

  it('is made short and told as a ladder, with what happened to its connections', async () => {
    const story = await storyOf(9, bug?.spoil);
    assert.match(story, /^seed 9, \d of \d+ events/);
    assert.match(story, /nothing is lost: m7 to carol was accepted and is nowhere/);
    assert.match(story, /carol-sdk: TCP, pieces of 536 octets/);
    assert.match(story, /TCP reset within MESSAGE sip:carol@/);
  });

  it('keeps those events alone without which it would not fail', async () => {
    const plan = planDay(5);
    const [first, second] = [plan.events.at(2), plan.events.at(-3)];
    const short = await shrink(plan, async ({ events }) => [first, second].every((event) => event !== undefined && events.includes(event)));
    assert.deepEqual(short.events, [first, second]);
  });
});
