import type { ClientAnswer } from '@opencpm/cpm';
import { responseTo, type SipRequest, type SipResponse } from '@opencpm/sip';

/** Says what became of a request at the node that has its client; a response without it is that node's own. */
const answerHeader = 'OpenCPM-Client';

const kinds = ['answered', 'not-registered', 'unreachable', 'not-sent'] as const;

/** The answer of one node to another; what the client said crosses as it is, only the names of the transaction are ours. */
export function answerToNode(request: SipRequest, answer: ClientAnswer): SipResponse {
  if (answer.kind !== 'answered') {
    const response = responseTo(request, 480);
    const reason = 'reason' in answer ? answer.reason : '';
    return { ...response, headers: response.headers.append(answerHeader, `${answer.kind} ${reason}`.trimEnd()) };
  }
  const { status, reason, headers } = answer.response;
  const kept = headers.filter(({ key }) => !ofTransaction.has(key)).append(answerHeader, 'answered');
  return responseTo(request, status, { reason, headers: kept });
}

const ofTransaction: ReadonlySet<string> = new Set(['via', 'from', 'to', 'call-id', 'cseq', 'content-length']);

/** What the other node says of the client. */
export function answerOfNode(response: SipResponse): ClientAnswer {
  const [word = '', ...rest] = (response.headers.text(answerHeader) ?? '').split(' ');
  const kind = kinds.find((known) => known === word);
  const reason = rest.join(' ');
  switch (kind) {
    case 'answered':
      return { kind, response: { ...response, headers: response.headers.without(answerHeader) } };
    case 'not-registered':
      return { kind };
    case 'unreachable':
    case 'not-sent':
      return { kind, reason };
    case undefined:
      return { kind: 'not-sent', reason: `the client’s node answered ${response.status}` };
  }
}
