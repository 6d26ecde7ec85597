import { defineHeader, type HeaderField } from '../header-field.ts';
import { Malformed } from '../malformed.ts';
import { Reader } from '../reader.ts';

export interface Cseq {
  /** Below 2^31. */
  readonly sequence: number;
  readonly method: string;
}

/** RFC 3261 §8.1.1.5. */
const highestSequence = 2 ** 31 - 1;

/** CSeq (RFC 3261 §20.16). */
export const cseqHeader: HeaderField<Cseq> = defineHeader({
  name: 'CSeq',
  decode(text) {
    const reader = new Reader(text);
    const sequence = reader.number(highestSequence);
    if (sequence === undefined || !reader.skip()) return new Malformed('no sequence number below 2^31');
    const method = reader.token();
    return method === undefined || !reader.ended ? new Malformed('no method') : { sequence, method };
  },
  encode: (cseq) => `${cseq.sequence} ${cseq.method}`,
});
