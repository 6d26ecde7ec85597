import assert from 'node:assert/strict';
import { it } from 'node:test';
import { userId } from '@opencpm/cpm';
import { type Flow, Headers, type SipRequest } from '@opencpm/sip';
import {
  Bindings,
  type CommitSchedule,
  MIGRATIONS,
  migrate,
  openSqliteInThread,
  PROMPT_SCHEDULE,
  type StoredUser,
  Users,
} from '@opencpm/storage';
import { SeededRandom, VirtualClock, virtualIds } from '@opencpm/testkit';
import { defaultConfiguration } from '../configuration/default-configuration.ts';
import type { CoreContext } from './core-context.ts';
import { storedUser } from './directory.fixture.ts';
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

async function registrar(bindingsPerUser = 10, schedule: CommitSchedule = PROMPT_SCHEDULE): Promise<RegistrarParts> {
  const database = openSqliteInThread({ file: ':memory:', schedule });
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

function request(contact: string, sequence: number, user = 'bob'): SipRequest {
  const headers = Headers.of(
    ['To', `<sip:${user}@cpm.test>`],
    ['From', `<sip:${user}@cpm.test>;tag=1`],
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

it('REGISTERs of many users that come at once are written together; each user’s own stay in their order', async () => {
  const groups: number[] = [];
  const schedule: CommitSchedule = {
    ...PROMPT_SCHEDULE,
    beforeAnswers: (written) => {
      groups.push(written);
      return Promise.resolve();
    },
  };
  const parts = await registrar(10, schedule);
  const users = Array.from({ length: 50 }, (_, index) => storedUser(`user${index}`, `sip:user${index}@cpm.test`));
  for (const user of users) assert.equal((await parts.context.directory.add(user, 1)).kind, 'done');
  groups.length = 0;
  const storm = users.flatMap((user) =>
    [1, 2].map((sequence) => registerAs(user, request(`<sip:a@10.0.0.2>`, sequence, user.name), parts)),
  );
  assert.deepEqual(new Set((await Promise.all(storm)).map(({ response }) => response.status)), new Set([200]));
  assert.equal(
    groups.reduce((sum, written) => sum + written, 0),
    100,
  );
  assert.ok(groups.length <= 10, `${groups.length} transactions for 100 changes`);
  assert.deepEqual(new Set(users.map(({ owner }) => parts.context.location.of(owner)[0]?.stored.sequence)), new Set([2]));
});

it('what has expired goes from memory and database, what was refreshed meanwhile stays', async () => {
  const parts = await registrar();
  const { clock, location } = parts.context;
  await registerAs(bob, request('<sip:brief@10.0.0.2>;expires=60, <sip:long@10.0.0.2>;expires=600', 1), parts);
  assert.equal(await location.sweep(clock.now() + 59_000), undefined);
  assert.equal(location.size, 2);
  assert.equal(await location.sweep(clock.now() + 60_000), undefined);
  assert.deepEqual(
    location.of(bob.owner).map(({ client }) => client),
    ['sip:long@10.0.0.2'],
  );
  assert.equal(location.size, 1);
});
