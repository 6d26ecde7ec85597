/** What a client answers to a request that was forwarded to it, and what reaches who asked. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { SipRequest } from '@opencpm/sip';
import { answer, rawAnswer, several } from '@opencpm/testkit';
import { bobUri } from './clients.ts';
import { inWorld } from './in-world.ts';
import { Call } from './proxy-calls.ts';

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

  inWorld('ends with 502 when the client’s answer has the Via of this server alone', {}, async (world) => {
    const bob = await world.registeredPhone('bob');
    bob.peer.script = ({ request }) => rawAnswer(withTopViaAlone(request, '486 Busy Here'));
    const alice = await world.phone('alice');
    const asked = await alice.authenticated({ method: 'OPTIONS', uri: bobUri, from: `<${alice.aor}>`, to: `<${bobUri}>` }, {});
    assert.equal(asked.status, 502);
    assert.equal((await (await new Call(world, alice, bobUri).begin()).final()).status, 502);
  });

  inWorld('that was cancelled ends with 487 when the client answers with the Via of its CANCEL', {}, async (world) => {
    const bob = await world.registeredPhone('bob');
    bob.peer.script = ({ request }) => {
      if (request.method === 'INVITE') return answer(180);
      if (request.method !== 'CANCEL') return answer(200);
      const terminated = withTopViaAlone(request, '487 Request Terminated').replace(' CANCEL', ' INVITE');
      return several(answer(200), rawAnswer(terminated));
    };
    const alice = await world.phone('alice');
    const call = await new Call(world, alice, bobUri).begin();
    call.cancel();
    assert.equal((await call.final()).status, 487);
  });
});

function withTopViaAlone({ headers }: SipRequest, status: string): string {
  const copied = ['From', 'To', 'Call-ID', 'CSeq'].map((name) => `${name}: ${headers.text(name)}`);
  return [`SIP/2.0 ${status}`, `Via: ${headers.texts('Via')[0]}`, ...copied, 'Content-Length: 0', '', ''].join('\r\n');
}
