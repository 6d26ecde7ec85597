import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DigestChallenge } from '../message/headers/digest-challenge.ts';
import type { DigestCredentials } from '../message/headers/digest-credentials.ts';
import { wwwAuthenticateHeader } from '../message/headers/www-authenticate.ts';
import { Malformed } from '../message/malformed.ts';
import { Parameters } from '../message/parameters.ts';
import { nodeHashes } from '../node/hashes.ts';
import { nodeRandom } from '../node/random.ts';
import { ManualClock } from '../node/test-support/manual-clock.ts';
import { digestResponse, ha1Hex } from './digest.ts';
import { answerChallenge, type DigestAnswer } from './digest-client.ts';
import { type DigestRequest, DigestServer, type DigestServerOptions } from './digest-server.ts';

const hashes = nodeHashes();
const body = new Uint8Array(0);

function challenge(text: string): DigestChallenge {
  const decoded = wwwAuthenticateHeader.decode(text);
  assert.ok(!(decoded instanceof Malformed) && decoded.kind === 'digest');
  return decoded;
}

describe('the examples of RFC 7616 §3.9.1', () => {
  const common =
    'realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';
  const md5 = challenge(`Digest ${common}, algorithm=MD5`);
  const sha256 = challenge(`Digest ${common}, algorithm=SHA-256`);
  const answer: DigestAnswer = {
    method: 'GET',
    uri: '/dir/index.html',
    username: 'Mufasa',
    password: 'Circle of Life',
    nonceCount: 1,
    cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
    hashes,
  };

  it('MD5', () => assert.equal(answerChallenge([md5], answer)?.response, '8ca523f5e9506fed4657c9700eebdbec'));

  it('SHA-256', () => {
    assert.equal(answerChallenge([sha256], answer)?.response, '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1');
  });

  it('SHA-256 is taken before MD5, wherever it stands (RFC 8760 §2.4)', () => {
    assert.equal(answerChallenge([md5, sha256], answer)?.algorithm, 'SHA-256');
  });

  it('what is not known is passed over', () => {
    const unknown = challenge(`Digest ${common}, algorithm=SHA-512-256`);
    assert.equal(answerChallenge([unknown, md5], answer)?.algorithm, 'MD5');
    assert.equal(answerChallenge([unknown, { kind: 'other', scheme: 'Basic', text: 'realm="x"' }], answer), undefined);
    assert.equal(answerChallenge([{ ...md5, qop: ['auth-conf'] }], answer), undefined);
  });

  it('opaque comes back, nc counts in eight digits', () => {
    const credentials = answerChallenge([md5], { ...answer, nonceCount: 26 });
    assert.equal(credentials?.opaque, 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS');
    assert.equal(credentials?.nc, '0000001a');
  });
});

describe('the example of RFC 2617 §3.5 and its form in RFC 2069', () => {
  const ha1 = ha1Hex(hashes, 'MD5', 'Mufasa', 'testrealm@host.com', 'Circle Of Life');
  const sum = { algorithm: 'MD5', ha1, method: 'GET', uri: '/dir/index.html', nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093' } as const;

  it('with qop', () => {
    const protection = { qop: 'auth', nc: '00000001', cnonce: '0a4f113b', body } as const;
    assert.equal(digestResponse(hashes, { ...sum, protection }), '6629fae49393a05397450978507c4ef1');
  });

  it('without qop', () => assert.equal(digestResponse(hashes, sum), '670fd8c2df070c60b045671b8b24ff02'));
});

interface World {
  readonly clock: ManualClock;
  readonly server: DigestServer;
}

function world(options: Partial<DigestServerOptions> = {}): World {
  const clock = new ManualClock();
  clock.time = 1_700_000_000_000;
  return { clock, server: new DigestServer({ realm: 'example.net', random: nodeRandom(), hashes, clock, ...options }) };
}

const request: DigestRequest = {
  method: 'REGISTER',
  uri: 'sip:example.net',
  body,
  ha1: (algorithm) => ha1Hex(hashes, algorithm, 'jürgen', 'example.net', 'pässword'),
};

function credentialsFor(challenges: readonly DigestChallenge[], changes: Partial<DigestAnswer> = {}): DigestCredentials {
  const credentials = answerChallenge(challenges, {
    method: 'REGISTER',
    uri: 'sip:example.net',
    username: 'jürgen',
    password: 'pässword',
    nonceCount: 1,
    cnonce: 'c0ffee',
    hashes,
    ...changes,
  });
  assert.ok(credentials);
  return credentials;
}

describe('digest server', () => {
  it('offers SHA-256, then MD5 (RFC 8760 §2.3)', () => {
    assert.deepEqual(
      world()
        .server.challenges()
        .map(({ algorithm }) => algorithm),
      ['SHA-256', 'MD5'],
    );
  });

  it('takes the right answer to either challenge', () => {
    const { server } = world();
    for (const one of server.challenges())
      assert.equal(server.verify(credentialsFor([one]), request), one.algorithm === 'SHA-256' ? 'ok' : 'replayed');
    for (const one of server.challenges().slice(1)) assert.equal(server.verify(credentialsFor([one]), request), 'ok');
  });

  it('refuses a wrong password, an unknown user, another method, realm, opaque or Request-URI', () => {
    const { server } = world();
    const credentials = credentialsFor(server.challenges());
    const verdicts = [
      server.verify(credentialsFor(server.challenges(), { password: 'x' }), request),
      server.verify(credentials, { ...request, ha1: () => undefined }),
      server.verify(credentials, { ...request, method: 'MESSAGE' }),
      server.verify({ ...credentials, realm: 'example.org' }, request),
      server.verify({ ...credentials, opaque: 'x' }, request),
      server.verify(credentials, { ...request, uri: 'sip:example.org' }),
      server.verify({ ...credentials, response: '' }, request),
    ];
    assert.deepEqual(new Set(verdicts), new Set(['wrong']));
    assert.equal(server.verify(credentials, request), 'ok', 'a failed attempt uses no count up');
  });

  it('takes a digest-uri that means the same as the Request-URI, or that the caller knows (RFC 3261 §22.4)', () => {
    const { server } = world();
    assert.equal(server.verify(credentialsFor(server.challenges(), { uri: 'sip:EXAMPLE.net' }), request), 'ok');
    const credentials = credentialsFor(server.challenges(), { uri: 'sip:old.example.net' });
    assert.equal(server.verify(credentials, { ...request, knownUri: (uri) => uri === 'sip:old.example.net' }), 'ok');
  });

  it('takes rising counts only', () => {
    const { server } = world();
    const challenges = server.challenges();
    const counts = [1, 2, 2, 1, 5, 4, 6];
    const verdicts = counts.map((nonceCount) => server.verify(credentialsFor(challenges, { nonceCount }), request));
    assert.deepEqual(verdicts, ['ok', 'ok', 'replayed', 'replayed', 'ok', 'replayed', 'ok']);
  });

  it('calls an expired nonce, a forged one and one of another server stale', () => {
    const { server, clock } = world();
    const challenges = server.challenges();
    const forged = challenges.map((one) => ({ ...one, nonce: `f${one.nonce}` }));
    assert.equal(server.verify(credentialsFor(forged), request), 'stale');
    assert.equal(server.verify(credentialsFor(challenges.map((one) => ({ ...one, nonce: 'x' }))), request), 'stale');
    assert.equal(server.verify(credentialsFor(world().server.challenges()), request), 'stale');
    clock.advance(301_000);
    assert.equal(server.verify(credentialsFor(challenges), request), 'stale');
    assert.equal(server.challenges(true)[0]?.stale, true);
  });

  it('takes a nonce until its lifetime ends, and those of a server with the same key', () => {
    const key = new Uint8Array(32).fill(7);
    const { server, clock } = world({ key });
    const challenges = world({ key }).server.challenges();
    clock.advance(299_000);
    assert.equal(server.verify(credentialsFor(challenges), request), 'ok');
  });

  it('remembers a bounded number of nonces, and calls stale what it may have forgotten', () => {
    const { server, clock } = world({ maxCountedNonces: 2 });
    const first = server.challenges();
    assert.equal(server.verify(credentialsFor(first), request), 'ok');
    clock.advance(1_000);
    for (let count = 0; count < 2; count += 1) assert.equal(server.verify(credentialsFor(server.challenges()), request), 'ok');
    assert.equal(server.verify(credentialsFor(first), request), 'replayed');
    assert.equal(server.verify(credentialsFor(first, { nonceCount: 2 }), request), 'replayed');
  });

  it('takes credentials without qop unless told not to (RFC 2069)', () => {
    const withoutQop = (server: DigestServer) => server.challenges().map(({ qop: _qop, ...rest }) => rest);
    const { server } = world();
    assert.equal(server.verify(credentialsFor(withoutQop(server)), request), 'ok');
    const strict = world({ withoutQop: false }).server;
    assert.equal(strict.verify(credentialsFor(withoutQop(strict)), request), 'malformed');
  });

  it('calls malformed what it did not offer', () => {
    const { server } = world();
    const credentials = credentialsFor(server.challenges());
    const { cnonce: _cnonce, ...withoutCnonce } = credentials;
    const malformed: readonly DigestCredentials[] = [
      { ...credentials, algorithm: 'SHA-512-256' },
      { ...credentials, qop: 'auth-int' },
      { ...credentials, nc: '1' },
      { ...credentials, nc: '00000000' },
      withoutCnonce,
      { ...credentials, parameters: Parameters.empty, algorithm: 'MD5-sess' },
    ];
    for (const one of malformed) assert.equal(server.verify(one, request), 'malformed');
  });
});
