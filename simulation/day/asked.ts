import type { Administration } from '@opencpm/server';
import type { World } from '../world.ts';

/** A commit is answered, and whoever asks the server has his answer, within that time. Milliseconds. */
const answerMilliseconds = 5000;

/** What the server's operator is answered; undefined when the server is away, or went away meanwhile. Runs virtual time. */
export async function asked<T>({ server, clock }: World, ask: (administration: Administration) => Promise<T>): Promise<T | undefined> {
  if (!server.isUp) return undefined;
  let answered: { readonly value: T } | undefined;
  let failed: unknown;
  const { administration } = server.server;
  ask(administration).then(
    (value) => {
      answered = { value };
    },
    (error) => {
      failed = error;
    },
  );
  await clock.runUntil(() => answered !== undefined || failed !== undefined || !server.isUp, answerMilliseconds);
  if (failed !== undefined) throw failed;
  return answered?.value;
}
