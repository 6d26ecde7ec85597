import { setTimeout as delay } from 'node:timers/promises';
import type { SeededRandom } from '@opencpm/testkit';
import type { ServerProcess } from '../interop/surroundings/server-process.ts';
import type { Journal } from './journal.ts';

/** When the server is killed, counted from its start. */
export type KillMoment =
  | { readonly kind: 'accepted' | 'push' | 'expiry'; readonly count: number }
  | { readonly kind: 'any' | 'start'; readonly milliseconds: number };

/** What does not come by itself is not waited for longer; the kill then counts as one at any time. */
const patienceMilliseconds = 8000;
const longestStart = 900;

const kinds = ['accepted', 'push', 'expiry', 'any', 'start'] as const;

/** Every kind of moment in turn, each drawn: after the Nth 202, at the Nth push or notice of expiry, at any time, while it starts. */
export function drawMoments(kills: number, random: SeededRandom): readonly KillMoment[] {
  return Array.from({ length: kills }, (_, index) => drawMoment(kinds[index % kinds.length] ?? 'any', random));
}

function drawMoment(kind: KillMoment['kind'], random: SeededRandom): KillMoment {
  switch (kind) {
    case 'accepted':
      return { kind, count: random.pick([1, 5, 10, 20, 40, 40]) };
    case 'push':
      return { kind, count: random.between(1, 12) };
    case 'expiry':
      return { kind, count: random.between(1, 5) };
    case 'any':
      return { kind, milliseconds: random.integer(2000) };
    case 'start':
      return { kind, milliseconds: random.integer(longestStart) };
  }
}

function textOf(moment: KillMoment): string {
  switch (moment.kind) {
    case 'accepted':
      return `after 202 number ${moment.count}`;
    case 'push':
      return `at push number ${moment.count}`;
    case 'expiry':
      return `at notice of expiry number ${moment.count}`;
    case 'any':
      return `${moment.milliseconds} ms after its start`;
    case 'start':
      return `${moment.milliseconds} ms into its start`;
  }
}

/** Starts the server and kills it at that moment. Resolves when it is dead, with the kind of moment that it was. */
export async function liveUntil(moment: KillMoment, server: ServerProcess, journal: Journal): Promise<KillMoment['kind']> {
  if (moment.kind === 'start') return dieAtStart(moment.milliseconds, server, journal);
  await server.start();
  journal.back();
  const { promise, resolve, reject } = Promise.withResolvers<KillMoment['kind']>();
  const kill = (kind: KillMoment['kind']) => {
    journal.killed(kind === moment.kind ? textOf(moment) : 'what was waited for did not come');
    server.crash().then(() => resolve(kind), reject);
  };
  if ('count' in moment) watch(moment.kind, moment.count, { journal, kill });
  else setTimeout(() => kill('any'), moment.milliseconds);
  return promise;
}

async function dieAtStart(milliseconds: number, server: ServerProcess, journal: Journal): Promise<'start'> {
  let refusal: unknown;
  const started = server.start().catch((error: unknown) => {
    refusal = error;
  });
  await delay(milliseconds);
  if (refusal !== undefined) throw refusal;
  journal.killed(`${milliseconds} ms into its start`);
  await server.crash();
  await started;
  return 'start';
}

interface Watching {
  readonly journal: Journal;
  readonly kill: (kind: KillMoment['kind']) => void;
}

/** The kill comes from inside the datagram that makes the moment, before anybody answers it. */
function watch(kind: 'accepted' | 'push' | 'expiry', count: number, { journal, kill }: Watching): void {
  let seen = 0;
  const see = () => {
    seen += 1;
    if (seen === count) end(kind);
  };
  const patience = setTimeout(() => end('any'), patienceMilliseconds);
  const end = (as: KillMoment['kind']) => {
    journal.moments.off(kind, see);
    clearTimeout(patience);
    kill(as);
  };
  journal.moments.on(kind, see);
}
