import { defineHeader, type HeaderField } from '../header-field.ts';
import { Malformed } from '../malformed.ts';
import type { Parameters } from '../parameters.ts';
import { Reader } from '../reader.ts';

export interface ContentDisposition {
  /** In lower case, such as `recipient-list`. */
  readonly type: string;
  /** `handling` among them. */
  readonly parameters: Parameters;
}

/** Content-Disposition (RFC 3261 §20.11). */
export const contentDispositionHeader: HeaderField<ContentDisposition> = defineHeader({
  name: 'Content-Disposition',
  decode(text) {
    const reader = new Reader(text);
    const type = reader.token();
    if (type === undefined) return new Malformed('no disposition type');
    const parameters = reader.parameters();
    return parameters instanceof Malformed ? parameters : { type: type.toLowerCase(), parameters };
  },
  encode: (value) => `${value.type}${value.parameters}`,
});
