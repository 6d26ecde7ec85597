import type { Checker } from '../record.ts';

/** What a server without work waits for: the next sweep of what has expired, and the next of what is to be sent again. */
const mostWakesAtRest = 4;

/** 10. When all is quiet, nothing is left over. */
export const quietIsQuiet: Checker = ({ end, log, plan }) => {
  const faults: string[] = [];
  if (end.owed !== 0) faults.push(`${end.owed} requests are still owed`);
  if (end.wakesAtRest > mostWakesAtRest) faults.push(`${end.wakesAtRest} timers run when all is quiet`);
  if (end.wakesAfterStop > 0) faults.push(`${end.wakesAfterStop} timers outlive the server`);
  for (const { user, id } of end.waiting) if (user !== 'otto') faults.push(`${id ?? 'a notification'} waits for ${user}, who is there`);
  // Faults of the database are told in the log, and nothing else is one.
  if (plan.events.some(({ kind }) => kind === 'store-fault')) return faults;
  for (const { level, text, fields } of log) if (level === 'error') faults.push(`the server's log: ${text} ${JSON.stringify(fields)}`);
  return faults;
};
