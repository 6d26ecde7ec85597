import { join } from 'node:path';
import { runProgram } from '../interop/surroundings/program.ts';

/** The numbers that a driver printed about one figure, by their names there. */
export type Numbers = ReadonlyMap<string, number>;

/** One run of the peer and one of ours right after it, by figure: `relay_cpu`, `store_rate 16`. */
export type Pair = ReadonlyMap<string, { readonly peer: Numbers; readonly own: Numbers }>;

const pairMilliseconds = 600_000;

/** Runs both commands by compare.mjs of the drivers. */
export async function runPair(drivers: string, peer: readonly string[], own: readonly string[]): Promise<Pair> {
  const words = ['--rounds', '1', '--a', peer.join(' '), '--b', own.join(' ')];
  const { code, output, errors } = await runProgram(join(drivers, 'compare.mjs'), words, { withinMilliseconds: pairMilliseconds });
  if (code !== 0) throw new Error(`compare.mjs ended with ${code}: ${errors.trim()}`);
  const lines = output.split('\n').filter((line) => line !== '');
  return new Map(lines.map((line) => readFigure(JSON.parse(line))));
}

function readFigure(line: Record<string, unknown>): [string, { peer: Numbers; own: Numbers }] {
  const peer = numbersOf(line.a);
  const window = peer.get('window');
  return [window === undefined ? String(line.figure) : `${line.figure} ${window}`, { peer, own: numbersOf(line.b) }];
}

/** compare.mjs writes what was measured as median, least and most, which are one number in a single round. */
function numbersOf(side: unknown): Numbers {
  if (typeof side !== 'object' || side === null) throw new TypeError('compare.mjs printed a figure with one side');
  const numbers = Object.entries(side).map(([name, value]: [string, unknown]) => [name, Array.isArray(value) ? value[0] : value] as const);
  return new Map(numbers.flatMap(([name, value]) => (typeof value === 'number' ? [[name, value] as const] : [])));
}
