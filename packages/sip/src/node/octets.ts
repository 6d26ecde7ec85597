import type { OctetCodec } from '../message/octets.ts';

/** Octet strings through Buffer, which does it in machine code. */
export const nodeOctets: OctetCodec = {
  decode: (octets, start, end) => bufferOf(octets).toString('latin1', start, end),
  encode: (text) => Buffer.from(text, 'latin1'),
  join(text, behind) {
    const octets = Buffer.allocUnsafe(text.length + behind.length);
    octets.write(text, 'latin1');
    octets.set(behind, text.length);
    return octets;
  },
};

/** The same memory as a Buffer. What comes from a socket is one already. */
function bufferOf(octets: Uint8Array): Buffer {
  return octets instanceof Buffer ? octets : Buffer.from(octets.buffer, octets.byteOffset, octets.length);
}
