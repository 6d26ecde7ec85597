import assert from 'node:assert/strict';
import { Resolver } from 'node:dns';
import { it } from 'node:test';
import { dnsSettings } from './dns-settings.ts';

it('takes name servers as the resolver takes them', () => {
  const servers = ['192.0.2.53', '192.0.2.53:5353', '2001:db8::53', '[2001:db8::53]', '[2001:db8::53]:5353'];
  assert.deepEqual(dnsSettings.parse({ servers }), { servers });
  assert.doesNotThrow(() => new Resolver().setServers(servers));
  assert.deepEqual(dnsSettings.parse({}), { servers: [] });
});

it('refuses what is no address, a port that is none, and more than eight', () => {
  for (const server of ['ns.example.net', '192.0.2.300', '192.0.2.53:0', '192.0.2.53:65536', '[192.0.2.53]', '[2001:db8::53', ''])
    assert.equal(dnsSettings.safeParse({ servers: [server] }).success, false, server);
  assert.equal(dnsSettings.safeParse({ servers: Array.from({ length: 9 }, () => '192.0.2.53') }).success, false);
});
