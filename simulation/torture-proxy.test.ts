/** What a client answers to a request that was forwarded to it, and what reaches who asked. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { rawAnswer } from '@opencpm/testkit';
import { bobUri } from './clients.ts';
import { inWorld } from './in-world.ts';

describe('a proxied request', () => {
  inWorld('is answered with its own Vias, whatever the client made of them (RFC 3261 §16.7 step 3)', {}, async (world) => {
    const bob = await world.registeredPhone('bob');
    bob.peer.script = ({ request }) => {
      const [top = ''] = request.headers.texts('Via');
      const copied = ['From', 'To', 'Call-ID', 'CSeq'].map((name) => `${name}: ${request.headers.text(name)}`);
      const vias = [top, 'SIP/9.0/UDP 192.0.2.77;branch=z9hG4bKforeign', 'SIP/9.0/UDP 192.0.2.78;branch=z9hG4bKforeign'];
      return rawAnswer(['SIP/2.0 200 OK', ...vias.map((via) => `Via: ${via}`), ...copied, 'Content-Length: 0', '', ''].join('\r\n'));
    };
    const alice = await world.phone('alice');
    const response = await alice.authenticated({ method: 'OPTIONS', uri: bobUri, from: `<${alice.aor}>`, to: `<${bobUri}>` }, {});
    assert.equal(response.status, 200);
    assert.equal(response.headers.texts('Via').length, 1);
    assert.match(response.headers.text('Via') ?? '', new RegExp(`^SIP/2\\.0/UDP ${alice.peer.address.host}:`));
  });
});
