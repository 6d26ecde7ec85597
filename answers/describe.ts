import type { Expectation } from './row.ts';

/** An answer and what is kept, in the words of the page and of `npm run answers`. What was seen is told in the same words. */
export interface Description {
  readonly answer: string;
  readonly kept: string;
  readonly notification: string;
}

export function describe(expectation: Expectation): Description {
  return { answer: answerText(expectation), kept: keptText(expectation), notification: expectation.notification ?? 'none' };
}

function answerText({ status, warning, retryAfter, headers = [], someAreDropped }: Expectation): string {
  const parts = [
    status === 0 ? 'no answer' : String(status),
    ...(warning === undefined ? [] : [`Warning \`399 cpm.test "${warning}"\``]),
    ...(retryAfter === undefined ? [] : ['Retry-After']),
    ...headers.map((header) => (header.includes(':') ? `\`${header}\`` : header)),
    ...(someAreDropped === undefined ? [] : ['then silence']),
  ];
  return parts.join(', ');
}

function keptText(expectation: Expectation): string {
  const { delivered = [], deferred = [], stored = [], recorded = [], interworked, sentOn, senderIsHidden } = expectation;
  const parts = [
    ...listed('delivered to', delivered),
    ...listed('with Message-UID at', recorded),
    ...(senderIsHidden === undefined ? [] : ['nothing there names the sender']),
    ...listed('waits for', deferred),
    ...listed('in the message store of', stored),
    ...(interworked === undefined ? [] : ['handed to the ISF']),
    ...(sentOn === undefined ? [] : ['sent on to other.test']),
  ];
  return parts.length === 0 ? 'nothing' : parts.join('; ');
}

function listed(words: string, names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`${words} ${[...names].sort().join(', ')}`];
}
