import type { AnswerRow, Configuration, Section } from './row.ts';
import { delivery } from './rows/delivery.ts';
import { originating } from './rows/originating.ts';
import { terminating } from './rows/terminating.ts';

/** What every server of the table has in its configuration file, beside users, addresses and peers. */
export const usualConfiguration = { policy: { answerWithin: '1s' } } as const;

/**
 * When many rows are reproduced, those whose keys stand here share a server: each of them meets its own limit and none of
 * the others. A row alone gets a server with its own keys only.
 */
export const sharedConfiguration: Configuration = {
  limits: {
    bodyOctets: 2000,
    storedObjectsPerUser: 1,
    forwards: 2,
    deferredMessagesPerUser: 1,
    bindingsPerUser: 1,
    unauthenticatedPerSecond: 1,
  },
};

/** Situation → answer: the page docs/answers.md, the tests and `npm run answers` are made from this. */
export const sections: readonly Section[] = [...originating, ...terminating, ...delivery];

export const rows: readonly AnswerRow[] = sections.flatMap((section) => section.rows);
