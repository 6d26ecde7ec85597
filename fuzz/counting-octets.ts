import assert from 'node:assert/strict';
import type { OctetCodec } from '@opencpm/sip';
import { nodeOctets } from '@opencpm/sip/node';

/**
 * Counts the work that a reader does on its input, in octets decoded, in place of the time it takes: who reads the same
 * octets again and again is found on every machine alike.
 */
export class CountingOctets implements OctetCodec {
  decoded = 0;

  decode(octets: Uint8Array, start: number, end: number): string {
    this.decoded += end - start;
    return nodeOctets.decode(octets, start, end);
  }

  encode(text: string): Uint8Array {
    return nodeOctets.encode(text);
  }

  /** Nothing is read more than a few times. */
  assertWithin(octets: number): void {
    const budget = 4 * octets + 10_000;
    assert.ok(this.decoded <= budget, `decoded ${this.decoded} octets of an input of ${octets}`);
    this.decoded = 0;
  }
}
