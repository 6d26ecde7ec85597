import type { SipResponse } from '@opencpm/sip';
import type { OutcomeRecord } from '../../ports.ts';
import type { TerminatingContext, TerminatingMessage } from './terminating-message.ts';

/** The answer of a message whose way ends here, with the one record that charging gets of it. */
export function charged(
  { servedUser, request, arrivedAt }: Pick<TerminatingMessage, 'servedUser' | 'request' | 'arrivedAt'>,
  response: SipResponse,
  outcome: OutcomeRecord['outcome'],
  { ports }: TerminatingContext,
): SipResponse {
  ports.charging.outcome({
    servedUser,
    case: 'terminating',
    status: response.status,
    outcome: response.status >= 300 ? 'refused' : outcome,
    request,
    arrivedAt,
  });
  return response;
}
