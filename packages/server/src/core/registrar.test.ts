import assert from 'node:assert/strict';
import { it } from 'node:test';
import { userId } from '@opencpm/cpm';
import { type Flow, Headers, type SipRequest } from '@opencpm/sip';
import { Bindings, MIGRATIONS, migrate, openSqliteInThread, type StoredUser, Users } from '@opencpm/storage';
import { SeededRandom, VirtualClock, virtualIds } from '@opencpm/testkit';
import { defaultConfiguration } from '../configuration/default-configuration.ts';
import type { CoreContext } from './core-context.ts';
import { Directory } from './directory.ts';
import { Location } from './location.ts';
import { register } from './registrar.ts';
import type { Registered, RegistrarParts } from './registration.ts';
import { Routing } from './routing.ts';
import { TrustedPeers } from './trusted-peers.ts';

const bob: StoredUser = {
  owner: userId('bob'),
  name: 'bob',
  source: 'database',
  realm: 'cpm.test',
  ha1: { MD5: 'm', 'SHA-256': 's' },
  loopbackOnly: false,
  identities: [{ address: 'sip:bob@cpm.test', uri: 'sip:bob@cpm.test' }],
};

const flow: Flow = {
  ...{ id: 'udp 1', transport: 'UDP', reliable: false, closed: false },
  ...{ local: { host: '10.0.0.1', port: 5060 }, remote: { host: '10.0.0.2', port: 5060 } },
  send: () => true,
  close: () => undefined,
};

async function registrar(bindingsPerUser = 10): Promise<RegistrarParts> {
  const database = openSqliteInThread({ file: ':memory:' });
  assert.equal((await migrate(database, MIGRATIONS)).kind, 'migrated');
  const directory = new Directory(new Users(database), 'cpm.test');
  assert.equal((await directory.add(bob, 1)).kind, 'done');
  const defaults = defaultConfiguration('cpm.test');
  const configuration = { ...defaults, limits: { ...defaults.limits, bindingsPerUser } };
  const ids = { ...virtualIds(new SeededRandom(1)), deliveryNames: () => ({ callId: 'c', fromTag: 't', branch: 'b', sequence: 1 }) };
  const log = { error: assert.fail, warn: assert.fail, info: assert.fail, debug: assert.fail, debugging: false };
  const self = { host: 'cpm.test', server: 'CPM-serv/OMA2.1', newTag: () => 'tag' };
  const location = new Location(new Bindings(database));
  const context: CoreContext = { configuration, directory, location, clock: new VirtualClock(), ids, self, log };
  const ownAddresses = new Set(['10.0.0.1:5060']);
  return { context, routing: new Routing(configuration, directory, ownAddresses), trustedPeers: new TrustedPeers([]) };
}

function registerAs(user: StoredUser, sent: SipRequest, parts: RegistrarParts): Promise<Registered> {
  return register({ request: sent, user, flow, source: flow.remote }, parts);
}

function request(contact: string, sequence: number): SipRequest {
  const headers = Headers.of(
    ['To', '<sip:bob@cpm.test>'],
    ['From', '<sip:bob@cpm.test>;tag=1'],
    ['Call-ID', 'one'],
    ['CSeq', `${sequence} REGISTER`],
    ['Contact', contact],
  );
  return { kind: 'request', method: 'REGISTER', uri: 'sip:cpm.test', headers, body: new Uint8Array(0) };
}

it('a REGISTER that is overtaken while the other one is stored does not undo it (RFC 3261 §10.3 step 7)', async () => {
  const parts = await registrar();
  const [gone, late] = await Promise.all([
    registerAs(bob, request('<sip:bob@10.0.0.2>;expires=3600', 10), parts),
    registerAs(bob, request('<sip:bob@10.0.0.2>;expires=600', 5), parts),
  ]);
  assert.deepEqual([gone.response.status, late.response.status], [200, 500]);
  assert.deepEqual(
    parts.context.location.of(bob.owner).map(({ stored }) => stored.sequence),
    [10],
  );
});

it('the limit of bindings holds for requests that come at once', async () => {
  const parts = await registrar(2);
  const contacts = ['a', 'b', 'c', 'd'].map((user) => registerAs(bob, request(`<sip:${user}@10.0.0.2>`, 1), parts));
  const statuses = (await Promise.all(contacts)).map(({ response }) => response.status);
  assert.deepEqual(statuses, [200, 200, 403, 403]);
  assert.equal(parts.context.location.of(bob.owner).length, 2);
});
