import { type Headers, viaHeader } from '@opencpm/sip';

/**
 * What names a request as its sender sent it: the same for what he sends again, also to the next process of a server that
 * crashed. Names of the legs that follow from it are derived from this.
 */
export function sentNames(headers: Headers): readonly (string | undefined)[] {
  return [headers.value(viaHeader)?.branch, headers.text('Call-ID'), headers.text('CSeq'), headers.text('From')];
}
