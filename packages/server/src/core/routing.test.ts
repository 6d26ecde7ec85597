import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { emptyBody, formatUri, Headers, type SipRequest } from '@opencpm/sip';
import { defaultConfiguration } from '../configuration/default-configuration.ts';
import { directoryOf, domain, storedUser } from './directory.fixture.ts';
import { Routing } from './routing.ts';

const configuration = { ...defaultConfiguration(domain), routes: { 'other.test': 'sip:10.0.0.5;transport=tcp' } };
const directory = await directoryOf(storedUser('bob', `sip:bob@${domain}`, 'tel:+15550002'), storedUser('guest', 'sip:guest@visited.test'));
const routing = new Routing(configuration, directory, new Set(['192.0.2.1:5060', '192.0.2.1:5070', '2001:db8::1:5060']));

function request(uri: string): SipRequest {
  return { kind: 'request', method: 'MESSAGE', uri, headers: Headers.of(), body: emptyBody };
}

function destination(uri: string): string {
  const found = routing.destination(request(uri));
  switch (found.kind) {
    case 'user':
      return `user ${found.user.name}`;
    case 'route':
      return `route ${formatUri(found.nextHop)}`;
    case 'none':
      return String(found.status);
    case 'self':
      return 'self';
  }
}

describe('a Request-URI leads', () => {
  const table: readonly (readonly [uri: string, leadsTo: string])[] = [
    ['sip:bob@cpm.test', 'user bob'],
    ['sip:bob@CPM.TEST:5070;transport=tcp', 'user bob'],
    ['sips:bob@cpm.test', 'user bob'],
    ['sip:Bob@cpm.test', '404'],
    ['tel:+1-555-0002', 'user bob'],
    ['tel:5550002', '404'],
    ['sip:+15550002@cpm.test;user=phone', 'user bob'],
    ['sip:+15550002@elsewhere.test;user=phone', 'user bob'],
    ['sip:+15550002@cpm.test', 'user bob'],
    ['sip:+15550002@elsewhere.test', '404'],
    ['sip:bob@192.0.2.1', 'user bob'],
    ['sip:bob@192.0.2.1:5070', 'user bob'],
    ['sip:bob@192.0.2.1:5080', '404'],
    ['sip:bob@[2001:db8::1]', 'user bob'],
    ['sip:guest@visited.test', 'user guest'],
    ['sip:nobody@cpm.test', '404'],
    ['sip:cpm.test', 'self'],
    ['sip:192.0.2.1', 'self'],
    ['sip:dora@other.test', 'route sip:10.0.0.5;transport=tcp'],
    ['sip:dora@OTHER.test:5099', 'route sip:10.0.0.5;transport=tcp'],
    ['sip:other.test', 'route sip:10.0.0.5;transport=tcp'],
    ['sip:dora@sub.other.test', '404'],
    ['mailto:bob@cpm.test', '416'],
    ['sip:', '400'],
  ];
  for (const [uri, leadsTo] of table) it(`${uri} to ${leadsTo}`, () => assert.equal(destination(uri), leadsTo));
});
