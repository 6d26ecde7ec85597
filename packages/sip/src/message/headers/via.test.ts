import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Malformed } from '../malformed.ts';
import { Parameters } from '../parameters.ts';
import { type Via, viaHeader } from './via.ts';

function via(text: string): Via {
  const value = viaHeader.decode(text);
  if (value instanceof Malformed) assert.fail(`${text}: ${value.reason}`);
  return value;
}

describe('Via', () => {
  it('reads sent-by, branch, received and rport (RFC 3261 §20.42, RFC 3581)', () => {
    const value = via('SIP/2.0/UDP erlang.bell-telephone.com:5060;branch=z9hG4bK87asdks7;received=192.0.2.207;rport=5061;ttl=1;hidden');
    assert.deepEqual(
      [value.protocol, value.transport, value.host, value.port, value.branch, value.received, value.rport],
      ['SIP/2.0', 'UDP', 'erlang.bell-telephone.com', 5060, 'z9hG4bK87asdks7', '192.0.2.207', 5061],
    );
    assert.equal(value.parameters.toString(), ';ttl=1;hidden');
    assert.deepEqual(
      [via('SIP/2.0/TCP h;rport').rport, via('SIP/2.0/TCP h').rport, via('SIP/2.0/TCP h').port],
      [true, undefined, undefined],
    );
  });

  it('allows blanks where the grammar does (RFC 4475 §3.1.1.1)', () => {
    const value = via('SIP  /   2.0\r\n /UDP\r\n    192.0.2.2 : 5070 ; branch =\r\n z9hG4bK30239');
    assert.deepEqual(
      [value.protocol, value.transport, value.host, value.port, value.branch],
      ['SIP/2.0', 'UDP', '192.0.2.2', 5070, 'z9hG4bK30239'],
    );
    assert.equal(via('SIP/2.0/ UDP h').transport, 'UDP');
  });

  it('reads IPv6 with and without brackets in received (RFC 5118 §4.5)', () => {
    for (const received of ['[2001:db8::9:255]', '2001:db8::9:255']) {
      const value = via(`SIP/2.0/UDP [2001:db8::9:1]:5070;received=${received};branch=z9hG4bKas3-111`);
      assert.deepEqual([value.host, value.port, value.received], ['2001:db8::9:1', 5070, '2001:db8::9:255']);
    }
  });

  it('keeps protocols and transports of others', () => {
    assert.deepEqual([via('SIP/7.0/UDP h').protocol, via('SIP/2.0/UNKNOWN h').transport], ['SIP/7.0', 'UNKNOWN']);
  });

  it('finds malformed values', () => {
    for (const text of [
      '',
      'SIP/2.0/UDP',
      'SIP/2.0 h',
      'SIP/2.0/UDPh',
      'SIP/2.0/UDP h:',
      'SIP/2.0/UDP h:0',
      'SIP/2.0/UDP h:65536',
      'SIP/2.0/UDP [::1',
      'SIP/2.0/UDP ::1',
      'SIP/2.0/UDP h;',
      'SIP/2.0/UDP 192.0.2.15;;',
      'SIP/2.0/UDP h;branch',
      'SIP/2.0/UDP h;branch=',
      'SIP/2.0/UDP h;rport=x',
      'SIP/2.0/UDP h;received',
      'SIP/2.0/64.124.66.32:9091;branch=1',
      'SIP/2.0/UDP a b',
    ]) {
      assert.ok(viaHeader.decode(text) instanceof Malformed, text);
    }
  });

  it('writes', () => {
    const value: Via = {
      protocol: 'SIP/2.0',
      transport: 'TCP',
      host: '2001:db8::1',
      port: 5060,
      branch: 'z9hG4bK1',
      parameters: Parameters.empty,
    };
    assert.equal(viaHeader.encode(value), 'SIP/2.0/TCP [2001:db8::1]:5060;branch=z9hG4bK1');
    const answered = { ...value, received: '2001:db8::2', rport: 1, parameters: Parameters.of(['ttl', '1']) };
    assert.equal(viaHeader.encode(answered), 'SIP/2.0/TCP [2001:db8::1]:5060;branch=z9hG4bK1;received=2001:db8::2;rport=1;ttl=1');
    assert.equal(viaHeader.encode({ ...value, rport: true }), 'SIP/2.0/TCP [2001:db8::1]:5060;branch=z9hG4bK1;rport');
    assert.deepEqual(via(viaHeader.encode(answered)), { ...answered, parameters: via(viaHeader.encode(answered)).parameters });
    assert.deepEqual([viaHeader.compact, viaHeader.list], ['v', true]);
  });
});
