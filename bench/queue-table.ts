import type { ComingFigures } from './queue-coming.ts';
import type { ExpiryFigures } from './queue-expiry.ts';
import { relayText, rounded, spreadText } from './queue-figures.ts';
import type { QueueSize } from './queue-plan.ts';
import type { Memory } from './queue-process.ts';
import type { StormFigures } from './storm.ts';

/** With the users, and nothing waiting but for those who come one by one. */
interface FiguresAlone {
  readonly startSecondsAlone: number;
  readonly startedAlone: Memory;
  readonly few: ComingFigures;
}

export interface FiguresOfMany {
  /** Megabytes of the database file, full. */
  readonly fileMegabytes: number;
  readonly seededSeconds: number;
  readonly startSeconds: number;
  readonly started: Memory;
  /** The most while it started. */
  readonly startPeak: number;
  readonly rested: Memory;
  readonly many: ComingFigures;
  readonly expiry: ExpiryFigures;
  readonly storm: StormFigures;
  readonly restedAfterAll: Memory;
}

/** What a run measures. */
export interface QueueFigures extends FiguresAlone, FiguresOfMany {}

/** For a person; ends with a line's end. */
export function queueTable(size: QueueSize, figures: QueueFigures): string {
  return `${[...fixed(size, figures), ...coming(figures), ...expiry(size, figures), ...storm(size, figures)].map((row) => `| ${row.join(' | ')} |`).join('\n')}\n`;
}

type Row = readonly [string, string];

function fixed({ messages, users }: QueueSize, figures: QueueFigures): readonly Row[] {
  const { fileMegabytes, seededSeconds, startSecondsAlone, startSeconds, startPeak, startedAlone, started, rested, restedAfterAll } =
    figures;
  const memory = (title: string, { resident, proportional }: typeof started): Row => [title, `${resident} (PSS ${proportional})`];
  return [
    [`${messages} messages wait for ${users} users`, 'OpenCPM'],
    ['---', '---'],
    ['size of the database (MB) / written in (s)', `${fileMegabytes} / ${seededSeconds}`],
    ['start-up with the users alone / with the queue (s)', `${startSecondsAlone} / ${startSeconds}`],
    memory('resident after the start with the users alone (MB)', startedAlone),
    ['the most resident during the start (MB)', String(startPeak)],
    memory('resident after the start (MB)', started),
    memory('resident at rest (MB)', rested),
    memory('resident at rest after all that follows (MB)', restedAfterAll),
  ];
}

function coming({ few, many }: QueueFigures): readonly Row[] {
  const both = (of: (figures: ComingFigures) => number) => `${of(few)} / ${of(many)}, ratio ${rounded(of(many) / of(few))}`;
  return [
    ['a user comes and gets 10, CPU (ms): alone / among all', both(({ cpuPerUser }) => cpuPerUser)],
    ['from his 200 to the tenth, median (ms)', both(({ pushed }) => pushed.p50)],
    ['one more is deferred, CPU (ms)', both(({ cpuPerDeferral }) => cpuPerDeferral)],
  ];
}

function expiry({ expiring, rate }: QueueSize, { expiry: { quiet, during, notices, ...figures } }: QueueFigures): readonly Row[] {
  return [
    [`relays at ${rate}/s while nothing happens`, relayText(quiet)],
    [`relays while ${expiring} expire`, relayText(during)],
    [
      'p50 / p99 / p99 of a typical second, ratio',
      `${rounded(during.p50 / quiet.p50)} / ${rounded(during.p99 / quiet.p99)} / ${rounded(during.typicalP99 / quiet.typicalP99)}`,
    ],
    ['all gone / all senders told after (s)', `${figures.seconds} / ${figures.notifiedAfterSeconds}`],
    ['notifications owed / come / doubled', `${notices.expected} / ${notices.delivered} / ${notices.doubled}`],
    ['the most resident meanwhile (MB)', String(figures.peakMegabytes)],
  ];
}

function storm({ storm: users }: QueueSize, { storm: figures }: QueueFigures): readonly Row[] {
  const { deliveries, relays, registration, firstPush, troubles } = figures;
  return [
    [
      `${users} register at once: all registered / all delivered after (s)`,
      `${figures.registeredAfterSeconds} / ${figures.deliveredAfterSeconds}`,
    ],
    ['each one’s 200', spreadText(registration)],
    ['from his 200 to his first message', spreadText(firstPush)],
    ['messages expected / come / doubled', `${deliveries.expected} / ${deliveries.delivered} / ${deliveries.doubled}`],
    ['sent again / refused for the moment / REGISTER unanswered', `${troubles.resent} / ${troubles.refused} / ${troubles.unanswered}`],
    ['relays meanwhile', relayText(relays)],
    ['the most resident meanwhile (MB)', String(figures.peakMegabytes)],
  ];
}
