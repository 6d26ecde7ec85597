import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isLoopback, TrustedPeers } from './trusted-peers.ts';

describe('trusted peers', () => {
  const peers = new TrustedPeers([
    { address: '192.0.2.7' },
    { address: '10.1.0.0/16' },
    { address: '2001:db8:1::/48' },
    { address: '2001:db8::9' },
  ]);

  for (const host of ['192.0.2.7', '10.1.0.0', '10.1.255.255', '2001:db8:1:2::3', '2001:DB8:0::9', '::ffff:192.0.2.7', '::ffff:10.1.2.3'])
    it(`are ${host}`, () => assert.equal(peers.includes(host), true));

  for (const host of ['192.0.2.8', '10.2.0.0', '10.0.255.255', '2001:db8:2::1', '2001:db8::8', '::ffff:10.2.0.0', 'proxy.test', ''])
    it(`are not ${host === '' ? 'nobody' : host}`, () => assert.equal(peers.includes(host), false));

  it('are nobody when none are named', () => assert.equal(new TrustedPeers([]).includes('127.0.0.1'), false));
});

describe('loopback addresses', () => {
  for (const host of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) it(`are ${host}`, () => assert.equal(isLoopback(host), true));
  for (const host of ['10.0.0.1', '128.0.0.1', '::2', '::ffff:10.0.0.1'])
    it(`are not ${host}`, () => assert.equal(isLoopback(host), false));
});
