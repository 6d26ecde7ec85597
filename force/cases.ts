import process from 'node:process';
import { durabilityOf, tracer, whyNotTraced } from './durability.ts';
import { type Engine, engines } from './engine.ts';
import { fullDiskRun, whyNotMounted } from './full-disk.ts';
import { type KillRun, killRun } from './kill-run.ts';
import type { CommandOptions } from './options.ts';
import { type Account, accountOf } from './report.ts';
import { twoNodeKills } from './two-node-kills.ts';

/** Something that must hold under force. It fails by throwing. */
export interface ForceCase {
  readonly name: string;
  /** What must be installed for it. */
  readonly needs: readonly { readonly program: string; readonly debianPackage: string }[];
  /** Why it cannot be tried on this machine; undefined when it can. */
  readonly whyNot: () => Promise<string | undefined>;
  /** Gives what the report says of it. */
  readonly run: () => Promise<string>;
}

/** Violations of one run that are told with their story. */
const toldViolations = 10;
const tracedMessages = 40;

export function casesFor(options: CommandOptions, accounts: Map<Engine, Account>): readonly ForceCase[] {
  const chosen = engines.filter((engine) => options.engines.includes(engine));
  return [
    ...chosen.map((engine) => durabilityCase(engine)),
    ...(chosen.includes('sqlite') ? [fullDiskCase] : []),
    ...chosen.map((engine) => killCase(engine, options, accounts)),
    ...(chosen.includes('postgres') ? [twoNodesCase(options)] : []),
  ];
}

function twoNodesCase({ kills, seed }: CommandOptions): ForceCase {
  const run = async () => {
    const { accepted, places, doubled, remainders, violations } = accountOf(await twoNodeKills({ kills, seed, expiring: true }));
    if (violations.length > 0) throw new Error(violations.slice(0, toldViolations).join('\n'));
    const { delivered, waiting, expired, lost } = places;
    const again = `${remainders['shown again']} shown again, ${remainders['told of both']} told of both`;
    return `${accepted} accepted = ${delivered} delivered + ${waiting} waiting + ${expired} expired; ${lost} lost, ${doubled} doubled, ${again}`;
  };
  return {
    name: `two nodes on PostgreSQL: ${kills} kills in turn, every message is accounted for`,
    needs: [],
    whyNot: async () => undefined,
    run,
  };
}

function killCase(engine: Engine, { kills, seed }: CommandOptions, accounts: Map<Engine, Account>): ForceCase {
  const progress = (done: number): void => {
    if (done % 10 === 0) process.stderr.write(`${engine}: ${done} kills …\n`);
  };
  const run = async () => {
    const done = await killRun({ engine, kills, seed, progress });
    const account = accountOf(done);
    accounts.set(engine, account);
    if (account.violations.length > 0) throw new Error(account.violations.slice(0, toldViolations).join('\n'));
    return `killed ${momentsOf(done)}`;
  };
  return { name: `${engine}: ${kills} kills, every message is accounted for`, needs: [], whyNot: async () => undefined, run };
}

function momentsOf({ moments }: KillRun): string {
  const names = {
    accepted: 'after a 202',
    push: 'during pushes',
    expiry: 'during expiry',
    any: 'at any time',
    start: 'while it started',
  } as const;
  return [...moments].map(([kind, count]) => `${count} times ${names[kind]}`).join(', ');
}

function durabilityCase(engine: Engine): ForceCase {
  return {
    name: `${engine}: no 202 before what it promises is on the disk`,
    needs: [tracer],
    whyNot: whyNotTraced,
    run: async () => {
      const { accepted, early, syncs } = await durabilityOf(engine, tracedMessages);
      if (accepted !== tracedMessages) throw new Error(`${accepted} of ${tracedMessages} answers 202 were seen in the trace`);
      if (early.length > 0) throw new Error(`no fsync or fdatasync before the answers ${early.join(', ')}`);
      return `${accepted} answers 202, ${syncs} fsync or fdatasync`;
    },
  };
}

const fullDiskCase: ForceCase = {
  name: 'sqlite: a full disk refuses what it cannot keep, relays the rest and recovers',
  needs: [],
  whyNot: whyNotMounted,
  run: async () => {
    const { accepted, refused, relayedWhileFull } = await fullDiskRun();
    return `${accepted} kept, then ${refused} refused with 503, ${relayedWhileFull} relayed meanwhile; all there in the end`;
  },
};
