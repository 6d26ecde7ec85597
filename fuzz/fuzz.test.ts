import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Headers, responseTo, type SipRequest } from '@opencpm/sip';
import { SeededRandom } from '@opencpm/testkit';
import { allTargets } from './all-targets.ts';
import { assertAnswers, assertStatus, sentMessage } from './answer-oracle.ts';
import { CountingOctets } from './counting-octets.ts';
import { fuzz } from './fuzzer.ts';
import { HeapWatch } from './heap.ts';
import { keepInput, keptInputs } from './kept-corpus.ts';
import { gentle, mutate, rough } from './mutate.ts';
import { readOptions } from './options.ts';
import { replay } from './replay.ts';
import { reportLines } from './report.ts';
import { anyMessages } from './seeds.ts';
import { shrink } from './shrink.ts';
import type { Target } from './target.ts';

/** A few seconds of work; `npm run fuzz` does as much as one likes. */
const boundedCases = 20_000;

it(`${boundedCases} mutated messages find nothing, and each target meets many outcomes`, async () => {
  const result = await fuzz({ seed: '1', count: boundedCases, targets: allTargets, kept: keptInputs().map(({ octets }) => octets) });
  assert.deepEqual(
    result.findings.map(({ target, number, message }) => `${target} case ${number}: ${message}`),
    [],
  );
  const variety = [...result.outcomes].map(([target, words]) => [target, words.size] as const);
  const least: Readonly<Record<string, number>> = { parse: 60, framer: 6, payloads: 20, endpoint: 60, server: 100 };
  assert.deepEqual(
    variety.filter(([target, words]) => words < (least[target] ?? 0)),
    [],
    'the inputs do not come far enough',
  );
});

describe('the kept corpus', () => {
  for (const { file, octets } of keptInputs()) {
    it(`${file} is handled by every target`, async () => {
      for (const target of allTargets) assert.equal(await replay(target, octets, file), undefined, target.name);
    });
  }

  it('is read as it was written', () => {
    const folder = mkdtempSync(join(tmpdir(), 'opencpm-corpus-'));
    try {
      const octets = Buffer.from([0, 13, 10, 255]);
      const file = keepInput('parse', octets, folder);
      assert.deepEqual(keptInputs(folder), [{ file, target: 'parse', octets }]);
      assert.deepEqual(keptInputs(join(folder, 'none')), []);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** Fails on inputs that hold two asterisks, and at its end when it was told to. */
function planted(failsAtEnd = false): Target {
  return {
    name: 'planted',
    share: 1,
    seeds: [Buffer.from('abc*def*ghi')],
    roughness: [rough],
    casesPerLife: 50,
    open: () =>
      Promise.resolve({
        run: (octets) => {
          assert.ok(octets.toString('latin1').split('*').length < 4, 'three asterisks');
          return [`length ${octets.length % 10}`];
        },
        end: () => (failsAtEnd ? Promise.reject(new Error('something is left over')) : Promise.resolve()),
      }),
  };
}

describe('the fuzzer', () => {
  it('finds a planted fault, with seed and case, and the same one again', async () => {
    const run = () => fuzz({ seed: '7', count: 3000, targets: [planted()], maximumFindings: 1 });
    const [first, second] = [await run(), await run()];
    assert.equal(first.findings.length, 1);
    assert.match(first.findings[0]?.message ?? '', /three asterisks/);
    assert.deepEqual(second.findings[0]?.octets, first.findings[0]?.octets);
    assert.equal(second.findings[0]?.number, first.findings[0]?.number);
    assert.notDeepEqual(
      (await fuzz({ seed: '8', count: 10, targets: [planted()] })).outcomes,
      (await fuzz({ seed: '7', count: 10, targets: [planted()] })).outcomes,
    );
  });

  it('finds what is left over at the end of a life', async () => {
    const { findings } = await fuzz({ seed: '7', count: 100, targets: [planted(true)] });
    assert.ok(findings.filter(({ message }) => message.includes('left over')).length >= 2);
  });

  it('shrinks a finding to what it needs', async () => {
    const fails = (octets: Buffer) => replay(planted(), octets, '7').then((fault) => fault !== undefined);
    assert.equal(String(await shrink(Buffer.from('a lot of * and * and * and more'), fails)), '***');
    assert.equal(String(await shrink(Buffer.from('nothing'), fails)), 'nothing');
  });

  it('gives every target its share of the cases', async () => {
    const { cases } = await fuzz({
      seed: '7',
      count: 400,
      targets: [planted(), { ...planted(), name: 'other', share: 3 }],
      maximumFindings: 1000,
    });
    assert.deepEqual(
      [...cases],
      [
        ['planted', 100],
        ['other', 300],
      ],
    );
  });

  it('mutates in ways that follow from the draws alone, within a bound', () => {
    for (let number = 0; number < 300; number += 1) {
      const [one, other] = [0, 1].map(() =>
        mutate(
          anyMessages[number % anyMessages.length] ?? Buffer.alloc(0),
          new SeededRandom(number),
          anyMessages[0] ?? Buffer.alloc(0),
          gentle,
        ),
      );
      assert.deepEqual(one, other);
      assert.ok((one?.length ?? 0) < 110_000);
    }
  });
});

describe('the oracle', () => {
  const request: SipRequest = {
    kind: 'request',
    method: 'MESSAGE',
    uri: 'sip:a@b',
    headers: Headers.of(
      ['Via', 'SIP/2.0/UDP h;branch=z9hG4bK1'],
      ['From', '<sip:x@y>;tag=1'],
      ['To', '<sip:a@b>'],
      ['Call-ID', 'c'],
      ['CSeq', '1 MESSAGE'],
    ),
    body: new Uint8Array(0),
  };
  const source = { host: '192.0.2.1', port: 5060 };
  const right = () => {
    const response = responseTo(request, 200, { toTag: 't' });
    return { ...response, headers: response.headers.with('Via', 'SIP/2.0/UDP h;branch=z9hG4bK1;received=192.0.2.1') };
  };

  it('takes a right answer', () => {
    assertAnswers(request, right(), source);
  });

  for (const [name, value] of [
    ['Via', 'SIP/2.0/UDP h;branch=z9hG4bK2;received=192.0.2.1'],
    ['Via', 'SIP/2.0/UDP h;branch=z9hG4bK1'],
    ['From', '<sip:x@y>;tag=2'],
    ['To', '<sip:other@b>;tag=t'],
    ['Call-ID', 'd'],
    ['CSeq', '2 MESSAGE'],
  ] as const) {
    it(`refuses an answer whose ${name} is ${value}`, () => {
      const response = right();
      assert.throws(() => assertAnswers(request, { ...response, headers: response.headers.with(name, value) }, source));
    });
  }

  it('refuses 500 and what is no message', () => {
    assert.throws(() => assertStatus(responseTo(request, 500)));
    assert.throws(() => sentMessage(Buffer.from('SIP/2.0 200 OK\r\n')));
  });

  it('counts what a reader reads', () => {
    const codec = new CountingOctets();
    for (let times = 0; times < 5; times += 1) codec.decode(Buffer.alloc(100_000), 0, 100_000);
    assert.throws(() => codec.assertWithin(100_000), /decoded 500000 octets/);
  });

  it('sees a heap that grows', () => {
    const [kept, leaking, steady]: [number[][], HeapWatch, HeapWatch] = [[], new HeapWatch(), new HeapWatch()];
    for (let round = 0; round < 6; round += 1) {
      kept.push(Array.from({ length: 3_000_000 }, (_, index) => index + 0.5));
      leaking.sample();
    }
    for (let round = 0; round < 6; round += 1) steady.sample();
    assert.equal(kept.length, 6);
    assert.deepEqual([leaking.grew, steady.grew], [true, false]);
  });
});

it('the command says what it takes, and reports answers by status', () => {
  assert.deepEqual(
    readOptions(['--count', '5', '--seed', 'x', '--target', 'parse']).targets.map(({ name }) => name),
    ['parse'],
  );
  assert.equal(readOptions([]).targets.length, allTargets.length);
  assert.throws(() => readOptions(['--count', 'many']), /--count many.*\nusage/);
  assert.throws(() => readOptions(['--target', 'x']), /--target x/);
  const outcomes = new Map([
    [
      'server',
      new Map([
        ['MESSAGE 200 OK', 2],
        ['OPTIONS 200 OK', 1],
        ['MESSAGE 404 Not Found', 4],
      ]),
    ],
  ]);
  assert.deepEqual(reportLines({ cases: new Map([['server', 7]]), outcomes, findings: [] }, [1_048_576]), [
    'server            7 cases  3 different outcomes',
    'server    200: 3  404: 4',
    'heap after collection, MB: 1.0',
  ]);
});
