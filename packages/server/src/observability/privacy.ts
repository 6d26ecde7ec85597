import type { Hashes, OctetCodec } from '@opencpm/sip';

/** Hexadecimal digits of a hidden form: 40 bits tell the users of one installation apart. */
const digits = 10;

/**
 * URIs, addr-specs and international numbers inside a sentence. Bounded classes, applied to lines that are rare; `/` is
 * no part of a user, so that the paths of a stack stay readable.
 */
const addressesInText =
  /(?:sips?|tel|im|mailto):[^\s<>"';,)]{1,256}|[^\s<>"'@;,:/()#]{1,128}@[A-Za-z0-9[][A-Za-z0-9.:\-\]]{0,253}|\+\d{5,15}/g;

export interface PrivacySettings {
  readonly addresses: boolean;
  readonly bodies: boolean;
}

/**
 * What of a message may stand in a log. An address or body is shown only where the operator asked for it; otherwise it
 * appears as `#` and a short keyed hash, the same for the same value on the same database, so that lines can be told to
 * belong together and nobody without the key can look a number up in a table.
 */
export class Privacy {
  readonly #settings: PrivacySettings;
  readonly #hashes: Hashes;
  readonly #octets: OctetCodec;
  readonly #key: Uint8Array;

  constructor(settings: PrivacySettings, key: string, { hashes, octets }: { readonly hashes: Hashes; readonly octets: OctetCodec }) {
    this.#settings = settings;
    this.#hashes = hashes;
    this.#octets = octets;
    this.#key = octets.encode(`log ${key}`);
  }

  /** A SIP or tel URI, a number, or a peer's IP address. */
  address(text: string): string {
    return this.#settings.addresses ? text : this.#hidden(this.#octets.encode(text));
  }

  /** A body as UTF-8 text, or its hash and size. */
  body(octets: Uint8Array): string {
    return this.#settings.bodies ? new TextDecoder().decode(octets) : `${this.#hidden(octets)} (${octets.length} bytes)`;
  }

  /** A sentence in which addresses may stand, such as the reason of a fault. */
  text(text: string): string {
    return this.#settings.addresses ? text : text.replace(addressesInText, (found) => this.#hidden(this.#octets.encode(found)));
  }

  #hidden(octets: Uint8Array): string {
    return `#${this.#hashes.hmacHex(this.#key, octets).slice(0, digits)}`;
  }
}
