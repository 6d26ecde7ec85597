import { hash } from 'node:crypto';
import type { Hashes } from '../platform.ts';

export function nodeHashes(): Hashes {
  return {
    hex: (algorithm, text) => hash(algorithm === 'md5' ? 'md5' : 'sha256', text, 'hex'),
    hmacHex,
  };
}

/** SHA-256 works on blocks of 64 octets and gives 32 (RFC 6234 §4). */
const blockOctets = 64;
const digestOctets = 32;

/** The two keys of RFC 2104 §2, the outer one with room for the inner digest behind it. */
interface Pads {
  readonly inner: Buffer;
  readonly outer: Buffer;
}

const padsOfKeys = new WeakMap<Uint8Array, Pads>();

/** HMAC-SHA-256 by two one-shot digests, which costs a fifth of createHmac: tags and seals come from here, some for every message. */
function hmacHex(key: Uint8Array, text: Uint8Array | string): string {
  const { inner, outer } = padsOf(key);
  const message = Buffer.allocUnsafe(blockOctets + (typeof text === 'string' ? Buffer.byteLength(text) : text.length));
  message.set(inner);
  if (typeof text === 'string') message.write(text, blockOctets);
  else message.set(text, blockOctets);
  outer.set(hash('sha256', message, 'buffer'), blockOctets);
  return hash('sha256', outer, 'hex');
}

/** A key is one object for as long as its owner lives, and is never changed. */
function padsOf(key: Uint8Array): Pads {
  const known = padsOfKeys.get(key);
  if (known !== undefined) return known;
  const block = Buffer.alloc(blockOctets);
  block.set(key.length > blockOctets ? hash('sha256', key, 'buffer') : key);
  const pads = { inner: Buffer.alloc(blockOctets), outer: Buffer.alloc(blockOctets + digestOctets) };
  for (const [index, octet] of block.entries()) {
    pads.inner[index] = octet ^ 0x36;
    pads.outer[index] = octet ^ 0x5c;
  }
  padsOfKeys.set(key, pads);
  return pads;
}
