/**
 * Loops are found by what a proxy put into its own branch: a keyed digest of all that decides where the request goes
 * (RFC 3261 §16.6 step 8, RFC 5393 §4.2). A request that comes again with the same digest goes in a circle; one whose
 * Request-URI or Route has changed on its way is a spiral and may pass.
 */
import { callIdHeader } from '../message/headers/call-id.ts';
import { cseqHeader } from '../message/headers/cseq.ts';
import { fromHeader } from '../message/headers/from.ts';
import { toHeader } from '../message/headers/to.ts';
import { viaHeader } from '../message/headers/via.ts';
import type { SipRequest } from '../message/message.ts';
import type { OctetCodec } from '../message/octets.ts';
import type { Hashes, Random } from '../platform.ts';
import { magicCookie } from '../transaction/keys.ts';

const keyOctets = 32;
/** Octets of randomness before the digest: each attempt is a transaction of its own. */
const uniqueOctets = 8;
const digestDigits = 16;

export interface LoopDetectionOptions {
  readonly hashes: Hashes;
  readonly random: Random;
  readonly octets: OctetCodec;
}

export class LoopDetection {
  readonly #options: LoopDetectionOptions;
  readonly #key: Uint8Array;

  constructor(options: LoopDetectionOptions) {
    this.#options = options;
    this.#key = options.random.bytes(keyOctets);
  }

  /** The same for INVITE, CANCEL and ACK, and for every visit with the same destination. */
  digest(request: SipRequest): string {
    const { headers, uri } = request;
    const parts = [
      uri,
      headers.value(fromHeader)?.tag ?? '',
      headers.value(toHeader)?.tag ?? '',
      headers.value(callIdHeader) ?? '',
      String(headers.value(cseqHeader)?.sequence ?? ''),
      ...headers.texts('Route'),
      ...headers.texts('Proxy-Require'),
    ];
    const { hashes, octets } = this.#options;
    // A line end stands in none of them.
    return hashes.hmacHex(this.#key, octets.encode(parts.join('\n'))).slice(0, digestDigits);
  }

  /** Whether this proxy has forwarded the request before, to the same destination. */
  isLoop(request: SipRequest, digest: string): boolean {
    const vias = request.headers.all(viaHeader);
    return vias.kind === 'value' && vias.value.some(({ branch }) => branch?.endsWith(`.${digest}`) === true);
  }

  newBranch(digest: string): string {
    let unique = '';
    for (const octet of this.#options.random.bytes(uniqueOctets)) unique += octet.toString(16).padStart(2, '0');
    return `${magicCookie}${unique}.${digest}`;
  }
}
