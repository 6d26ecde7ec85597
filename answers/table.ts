import type { AnswerRow, Configuration, Section } from './row.ts';
import { delivery } from './rows/delivery.ts';
import { notificationSection } from './rows/notifications.ts';
import { originating } from './rows/originating.ts';
import { terminating } from './rows/terminating.ts';

/**
 * What every server of the table has in its configuration file, beside users, addresses and peers. A short wait for
 * silent clients; and a busy machine is not to look like an overloaded server.
 */
export const usualConfiguration = {
  policy: { answerWithin: '2s' },
  limits: { eventLoopDelayMilliseconds: 10_000 },
} as const satisfies Configuration;

/**
 * When many rows are reproduced, those whose keys stand in one of these share a server: each of them meets its own key
 * and none of the others. A row alone gets a server with its own keys only.
 */
export const sharedConfigurations: readonly Configuration[] = [
  { policy: { minRelease: '2.0', anonymity: 'refuse' } },
  { policy: { ownDeviceCopies: 'never', plainClients: 'ignore' } },
  {
    limits: {
      bodyOctets: 2000,
      storedObjectsPerUser: 1,
      forwards: 2,
      deferredMessagesPerUser: 1,
      bindingsPerUser: 1,
      unauthenticatedPerSecond: 1,
      malformedPerSecond: 1,
    },
  },
];

/** Situation → answer: the page docs/answers.md, the tests and `npm run answers` are made from this. */
export const sections: readonly Section[] = [...originating, ...terminating, notificationSection, ...delivery];

export const rows: readonly AnswerRow[] = sections.flatMap((section) => section.rows);
