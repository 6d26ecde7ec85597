import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';

import { loadConfiguration } from './load.ts';
import { formatProblem } from './problems.ts';

const folder = mkdtempSync(join(tmpdir(), 'opencpm-configuration-'));
after(() => rmSync(folder, { recursive: true }));

function load(text: string) {
  const file = join(folder, 'opencpm.yaml');
  writeFileSync(file, text);
  return loadConfiguration(file);
}

/** The problems as they are printed, with the folder left out. */
function problemsOf(text: string): readonly string[] {
  const result = load(text);
  assert.equal(result.kind, 'problems');
  return result.kind === 'problems' ? result.problems.map((problem) => formatProblem(problem).replace(`${folder}/`, '')) : [];
}

function configurationOf(text: string) {
  const result = load(text);
  assert(result.kind === 'loaded', result.kind === 'problems' ? result.problems.map(formatProblem).join('\n') : '');
  return result.configuration;
}

test('the smallest configuration is a domain; everything else has its default', () => {
  assert.deepEqual(configurationOf('domain: Example.NET\n'), {
    domain: 'example.net',
    realm: 'example.net',
    digest: ['SHA-256', 'MD5'],
    listen: [
      { transport: 'UDP', host: '127.0.0.1', port: 5060 },
      { transport: 'TCP', host: '127.0.0.1', port: 5060 },
    ],
    storage: `sqlite:${folder}/data/opencpm.db`,
    trustedPeers: [],
    users: [],
    routes: {},
    dns: { servers: [] },
    policy: {
      answerWithinSeconds: 10,
      undelivered: 'defer',
      plainClients: 'deliver',
      anonymity: 'allow',
      ownDeviceCopies: 'always',
      maxExpirySeconds: 604_800,
      expiryNotices: 'send',
      minRelease: undefined,
      unknownRelease: 'accept',
      pushRetryFirstSeconds: 30,
      pushRetryMaxSeconds: 3600,
      duplicateWindowSeconds: 86_400,
    },
    limits: {
      bodyOctets: 65_536,
      bindingsPerUser: 10,
      deferredMessagesPerUser: 10_000,
      deferredOctetsPerUser: 67_108_864,
      duplicateKeysPerUser: 10_000,
      anonymousOriginatorsPerUser: 10_000,
      outboxRequestsPerUser: 10_000,
      storedObjectsPerUser: 100_000,
      storedOctetsPerUser: 1_073_741_824,
      rulesPerUser: 100,
      blockedContactsPerUser: 1000,
      forwards: 5,
      udpRequestBytes: 8192,
      registrationMinSeconds: 60,
      registrationMaxSeconds: 86_400,
      registrationDefaultSeconds: 3600,
      pushInFlightPerClient: 8,
      pendingCommits: 10_000,
      malformedPerSecond: 20,
      unauthenticatedPerSecond: 50,
      eventLoopDelayMilliseconds: 500,
    },
    webhook: { quietSeconds: 60 },
    http: { listen: { host: '127.0.0.1', port: 9464 } },
    records: { maxBytes: 104_857_600, maxAgeSeconds: 86_400, keep: 30 },
    log: { level: 'info', addresses: false, bodies: false },
    drainSeconds: 10,
  });
});

test('the example in docs/ is a good configuration', () => {
  const result = loadConfiguration(resolve(import.meta.dirname, '../../../../docs/example.yaml'));
  assert(result.kind === 'loaded');
  assert.deepEqual(result.configuration.users, [
    { user: 'alice', password: 'wonderland', identities: ['sip:alice@example.net', 'tel:+15550001'], loopbackOnly: false },
    { user: 'bob', password: 'builder', identities: [], loopbackOnly: false },
  ]);
  assert.deepEqual(result.configuration.routes, { 'other.example': 'sip:10.0.0.5;transport=tcp' });
  assert.equal(result.administrationSocket, resolve(import.meta.dirname, '../../../../docs/data/opencpm.sock'));
});

test('paths start at the file, PostgreSQL keeps its address and has the socket in ./data', () => {
  const sqlite = load('domain: a.b\nstorage: "sqlite:store/cpm.db"\nlog: { file: cpm.log }\n');
  assert(sqlite.kind === 'loaded');
  assert.equal(sqlite.configuration.storage, `sqlite:${folder}/store/cpm.db`);
  assert.equal(sqlite.configuration.log.file, `${folder}/cpm.log`);
  assert.equal(sqlite.administrationSocket, `${folder}/store/opencpm.sock`);
  const postgres = load('domain: a.b\nstorage: "postgres://cpm:secret@db.example/cpm"\n');
  assert(postgres.kind === 'loaded');
  assert.equal(postgres.configuration.storage, 'postgres://cpm:secret@db.example/cpm');
  assert.equal(postgres.administrationSocket, `${folder}/data/opencpm.sock`);
});

test('HTTP is on a port of its own, on any free one beside SIP on any free one, or off', () => {
  const httpOf = (text: string) => configurationOf(`domain: a.b\n${text}\n`).http.listen;
  assert.deepEqual(httpOf('listen: ["udp://127.0.0.1:0"]'), { host: '127.0.0.1', port: 0 });
  assert.deepEqual(httpOf('http: { listen: "0.0.0.0:9100" }'), { host: '0.0.0.0', port: 9100 });
  assert.deepEqual(httpOf('http: { listen: "http://[::1]:9100/" }'), { host: '::1', port: 9100 });
  assert.equal(httpOf('http: { listen: off }'), undefined);
  const form = 'must be an IP address and a port such as 127.0.0.1:9464 or [::1]:9464, or off';
  for (const wrong of ['9464', 'localhost:9464', '127.0.0.1:70000', '127.0.0.1', '300.0.0.1:80']) {
    assert.match(problemsOf(`domain: a.b\nhttp: { listen: "${wrong}" }\n`).join(), new RegExp(form.replaceAll(/[[\].]/g, '\\$&')), wrong);
  }
});

test('a release is read as its two numbers', () => {
  assert.deepEqual(configurationOf('domain: a.b\npolicy: { minRelease: "2.0" }\n').policy.minRelease, { major: 2, minor: 0 });
});

test('all problems come at once, in the order of the file, each with its place, key and remedy', () => {
  const written = readFileSync(join(import.meta.dirname, 'load.test.problems.yaml'), 'utf8');
  const expected = readFileSync(join(import.meta.dirname, 'load.test.problems.txt'), 'utf8');
  assert.equal(`${problemsOf(written).join('\n')}\n`, expected);
});

test('a contradiction between keys is found when each by itself is right', () => {
  assert.deepEqual(
    problemsOf('domain: a.b\nlimits:\n  registrationMin: 10m\n  registrationDefault: 5m\nroutes: { A.b: "sip:10.0.0.1" }\n'),
    [
      'opencpm.yaml:4:3: limits.registrationDefault: is not between limits.registrationMin and limits.registrationMax (choose one between)',
      'opencpm.yaml:5:1: routes["a.b"]: is the domain of this server (remove the route)',
    ],
  );
});

test('a file that is no map, is empty, or is not there is told so', () => {
  assert.deepEqual(problemsOf('- domain\n'), ['opencpm.yaml:1:1: must be a map of keys, not a list']);
  assert.deepEqual(problemsOf(''), ['opencpm.yaml:1:1: domain: is missing (add domain: example.net)']);
  const absent = loadConfiguration(join(folder, 'absent.yaml'));
  assert(absent.kind === 'problems');
  assert.match(absent.problems.map(formatProblem).join(), /absent\.yaml: there is no such file \(name it with --config FILE/);
});

test('faulty YAML is told with its place, a repeated key too', () => {
  assert.match(problemsOf('domain: a.b\nlisten: ["udp://127.0.0.1:5060"\n').join(), /^opencpm\.yaml:3:1: is not YAML: /);
  assert.deepEqual(problemsOf('domain: a.b\ndomain: c.d\n'), ['opencpm.yaml:2:1: this key is given twice (keep one)']);
});

test('aliases that would fill the memory are refused', () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(9)}]\nc: &c [${'*b,'.repeat(9)}]\nd: [${'*c,'.repeat(9)}]\n`;
  assert.match(problemsOf(bomb).join(), /is not usable YAML: Excessive alias count/);
});

test('a password never appears in a problem', () => {
  const text = problemsOf('domain: a.b\nstorage: postgres:/cpm:hidden@h/d\nusers: [{ user: a, password: 12345 }]\n').join('\n');
  assert.doesNotMatch(text, /hidden|12345/);
  assert.match(text, /users\[0\]\.password: must be a text of 1 to 256 characters \(put digits in quotes\), not a number/);
});
