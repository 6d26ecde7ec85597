import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import type { ContentCodings } from '@opencpm/cpm';

type Decoder = (octets: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array;

/** `deflate` is the zlib format (RFC 9110 §8.4.1.2). */
const decoders: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['gzip', gunzipSync],
  ['deflate', inflateSync],
  ['br', brotliDecompressSync],
]);

/** The codings of Node. A small body that would swell above the limit is not decoded at all. */
export function nodeContentCodings(maxBodyOctets: number): ContentCodings {
  return {
    names: [...decoders.keys(), 'identity'],
    decode(coding, octets) {
      try {
        return decoders.get(coding)?.(octets, { maxOutputLength: maxBodyOctets });
      } catch {
        // zlib throws for octets that are not in its format and for output above the limit: the sender is told 415.
        return undefined;
      }
    },
  };
}
