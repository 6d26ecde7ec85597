import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judge, type Kill, type MessageEntry, type Shown, storyOf } from './ledger.ts';

const push: Shown = { client: 'bob-1', at: 100, names: 'one', isPushed: true };
const relay: Shown = { ...push, isPushed: false };
const kill: Kill = { at: 105, moment: 'at push number 1', backAt: 400 };

function entry(more: Partial<MessageEntry> = {}): MessageEntry {
  return {
    message: { id: 'm1', kind: 'text', from: 'alice', to: 'bob', conversation: 'c', expiresSeconds: 1 },
    tries: [{ sentAt: 0, answeredAt: 50, status: 202 }],
    shown: [],
    failures: [],
    ...more,
  };
}

function judged(more: Partial<MessageEntry>, { kills = [], waiting = [] }: { kills?: readonly Kill[]; waiting?: readonly string[] } = {}) {
  return judge(entry(more), { messages: new Map(), kills, waiting });
}

describe('where an accepted message is', () => {
  const told = { ...relay, client: 'alice-1', at: 1500 };
  for (const [name, place, more, waiting] of [
    ['a client has answered 200', 'delivered', { shown: [push] }, []],
    ['it is in the queue', 'waiting', {}, ['m1']],
    ['its sender was told that it failed', 'expired', { failures: [told] }, []],
    ['nobody was told anything', 'lost', {}, []],
    ['no answer was a 2xx', 'not accepted', { tries: [{ sentAt: 0, answeredAt: 50, status: 503 }] }, []],
  ] as const) {
    it(`${name}: ${place}`, () => {
      const verdict = judged(more, { waiting });
      assert.equal(verdict.place, place);
      assert.equal(verdict.violations.length, place === 'lost' ? 1 : 0, verdict.violations.join());
    });
  }
});

describe('a message that a client was shown twice', () => {
  const again = { ...push, at: 500, names: 'two' };
  it('is doubled when the names differ', () => assert.equal(judged({ shown: [push, again] }).isDoubled, true));
  it('is doubled across a kill too when it came out of the queue', () => {
    assert.equal(judged({ shown: [push, again] }, { kills: [kill] }).isDoubled, true);
  });
  it('is not doubled by a retransmission, nor at another client', () => {
    assert.deepEqual(judged({ shown: [push, { ...push, at: 500 }, { ...again, client: 'bob-2' }] }).violations, []);
  });
  it('is what remains when it was relayed, and a kill came before its sender had an answer', () => {
    const tries = [{ sentAt: 0, answeredAt: 450, status: 202 }];
    const verdict = judged({ tries, shown: [relay, again] }, { kills: [kill] });
    assert.deepEqual([verdict.isDoubled, verdict.remainders], [false, ['shown again']]);
  });
  it('is doubled when its sender had his 200 before the kill', () => {
    const tries = [{ sentAt: 0, answeredAt: 102, status: 200 }];
    assert.equal(judged({ tries, shown: [relay, again] }, { kills: [kill] }).isDoubled, true);
  });
  it('is doubled when it was relayed and no kill came in between', () => {
    assert.equal(judged({ shown: [relay, again] }, { kills: [{ ...kill, at: 600, backAt: 800 }] }).isDoubled, true);
  });
});

describe('what the sender is told of a failure', () => {
  const told = { ...relay, client: 'alice-1', at: 1500 };
  for (const [name, more, kills, violations] of [
    ['once, after its time', { failures: [told] }, [], 0],
    ['twice under one name', { failures: [told, { ...told, at: 1600 }] }, [], 0],
    ['twice', { failures: [told, { ...told, names: 'two' }] }, [], 1],
    ['before its time', { failures: [{ ...told, at: 900 }] }, [], 1],
    ['of what was delivered', { shown: [push], failures: [told] }, [], 1],
    ['of what was on its way when the server was killed', { shown: [push], failures: [told] }, [kill], 0],
  ] as const) {
    it(`${name}: ${violations} violations`, () => assert.equal(judged(more, { kills }).violations.length, violations));
  }
});

describe('the queue in the end', () => {
  it('holds no message twice', () => assert.equal(judged({}, { waiting: ['m1', 'm1'] }).violations.length, 1));
  it('holds nothing that was delivered', () => assert.equal(judged({ shown: [push] }, { waiting: ['m1'] }).violations.length, 1));
});

it('the story of a message tells the kills in between and the next one, in the order of time', () => {
  const kills = [kill, { ...kill, at: 700 }, { ...kill, at: 800 }];
  const story = storyOf(entry({ shown: [push, { ...push, at: 500, names: 'two' }] }), { messages: new Map(), kills, waiting: [] });
  assert.deepEqual(
    story.map((line) => line.trim().replace(/ ms .*?(sends|answer:|answers|kill).*/, ' $1')),
    ['0 sends', '50 answer:', '100 answers', '105 kill', '500 answers', '700 kill'],
  );
});
