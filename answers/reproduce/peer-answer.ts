import type { Answer } from '../../conformance/framework/sip-socket.ts';
import { headerText, methodOf, type WireMessage } from '../../conformance/framework/wire-message.ts';
import type { PeerAnswer } from '../row.ts';

/** What the row says that a peer answers; undefined is silence. Only MESSAGE is told apart. */
export function answerOf(answer: PeerAnswer, request: WireMessage, retryAfter?: number): Answer | undefined {
  if (methodOf(request) !== 'MESSAGE') return { status: 200 };
  switch (answer) {
    case 'silent':
    case 'late':
      return undefined;
    case 'text only':
      return { status: headerText(request, 'Content-Type')?.startsWith('text/plain') ? 200 : 415 };
    default:
      return { status: answer, headers: retryAfter === undefined ? [] : [{ name: 'Retry-After', value: String(retryAfter) }] };
  }
}
