import { SeededRandom } from '@opencpm/testkit';
import { marked } from './mutate.ts';
import type { Target } from './target.ts';

/** Lives and draws in which an input is tried, since a target may treat it in several ways (origin, transport, split). */
const tries = 12;

/** Gives one input to a fresh target, in several ways; the fault that it makes, or undefined. */
export async function replay(target: Target, octets: Buffer, seed: string): Promise<string | undefined> {
  try {
    const life = await target.open(new SeededRandom(`${seed}/life`));
    for (let count = 0; count < tries; count += 1) {
      await life.run(marked(octets, `r${count}`), `r${count}`, new SeededRandom(`${seed}/${count}`));
    }
    await life.end();
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
