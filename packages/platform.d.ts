/**
 * The platform as the portable packages see it: what every JavaScript runtime has, and nothing else.
 * Portable code (payloads, sip, cpm and their likes, `node/` folders and tests aside) is compiled with this file
 * instead of Node's or the DOM's types, so that a socket, a clock or a timer cannot slip in.
 */
declare class TextEncoder {
  encode(input?: string): Uint8Array<ArrayBuffer>;
}

declare class TextDecoder {
  constructor(label?: 'utf-8', options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(input?: Uint8Array): string;
}

declare interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
