import type { Log, LogFields } from './log.ts';
import type { Measures } from './measures.ts';
import type { Privacy } from './privacy.ts';

/** Fields that are shown as they are: ids by which a message is found, and what this server says of itself. */
const plainFields: ReadonlySet<string> = new Set([
  'callId',
  'conversationId',
  'contributionId',
  'messageId',
  'domain',
  'listen',
  'http',
  'body',
]);

/** The log that the whole server writes to: whatever a caller puts into a line, addresses in it are hidden, and the line counts. */
export function privateLog(log: Log, privacy: Privacy, { logLines }: Pick<Measures, 'logLines'>): Log {
  const line = (level: 'error' | 'warn' | 'info' | 'debug') => (fields: LogFields, text: string) => {
    if (level === 'debug' && !log.debugging) return;
    logLines.count(level);
    log[level](hidden(fields, privacy), text);
  };
  return { debugging: log.debugging, error: line('error'), warn: line('warn'), info: line('info'), debug: line('debug') };
}

function hidden(fields: LogFields, privacy: Privacy): LogFields {
  const shown = Object.entries(fields).map(([name, value]) =>
    typeof value === 'string' && !plainFields.has(name) ? ([name, privacy.text(value)] as const) : ([name, value] as const),
  );
  return Object.fromEntries(shown);
}
