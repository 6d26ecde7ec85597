import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Headers } from '../headers.ts';
import { Malformed } from '../malformed.ts';
import { Parameters } from '../parameters.ts';
import { authenticationInfoHeader } from './authentication-info.ts';
import { authorizationHeader } from './authorization.ts';
import type { DigestChallenge } from './digest-challenge.ts';
import type { DigestCredentials } from './digest-credentials.ts';
import { proxyAuthenticateHeader } from './proxy-authenticate.ts';
import { proxyAuthorizationHeader } from './proxy-authorization.ts';
import { wwwAuthenticateHeader } from './www-authenticate.ts';

function credentials(text: string): DigestCredentials {
  const value = authorizationHeader.decode(text);
  assert.ok(!(value instanceof Malformed) && value.kind === 'digest', text);
  return value;
}

function challenge(text: string): DigestChallenge {
  const value = wwwAuthenticateHeader.decode(text);
  assert.ok(!(value instanceof Malformed) && value.kind === 'digest', text);
  return value;
}

describe('Authorization and Proxy-Authorization', () => {
  it('reads Digest credentials whatever is quoted (RFC 3261 §20.7, RFC 7616 §3.4)', () => {
    const value = credentials(
      'dIgEsT username="al\\"ice", realm="a, \\\\b" ,\r\n nonce="84a4cc6f", uri="sip:bob@h;x=1", response="7587245234b3434cc3412213e5f113a5",' +
        ' algorithm="MD5", cnonce="0a4f", opaque="", qop="auth", nc=00000001, userhash=true, x-own="Y z", z=1',
    );
    assert.deepEqual(
      { ...value, parameters: value.parameters.toString() },
      {
        kind: 'digest',
        username: 'al"ice',
        realm: 'a, \\b',
        nonce: '84a4cc6f',
        uri: 'sip:bob@h;x=1',
        response: '7587245234b3434cc3412213e5f113a5',
        algorithm: 'MD5',
        cnonce: '0a4f',
        opaque: '',
        qop: 'auth',
        nc: '00000001',
        userhash: true,
        parameters: ';x-own="Y z";z=1',
      },
    );
  });

  it('writes them with the quotes that RFC 7616 §3.4 asks for, unknown parameters as written', () => {
    const text =
      'Digest username="al\\"ice", realm="r", nonce="n", uri="sip:h", response="0f", algorithm=SHA-256, cnonce="c", opaque="o", qop=auth, nc=00000001, userhash=false, x="Y z", z=1';
    for (const field of [authorizationHeader, proxyAuthorizationHeader]) {
      const value = field.decode(text);
      assert.ok(!(value instanceof Malformed));
      assert.equal(field.encode(value), text);
      assert.equal(field.list, false);
    }
  });

  it('takes the empty nonce and response of a first IMS REGISTER (3GPP TS 24.229 §5.1.1.2.2)', () => {
    const value = credentials('Digest username="a@h",realm="h",nonce="",uri="sip:h",response=""');
    assert.deepEqual([value.nonce, value.response], ['', '']);
  });

  it('carries other schemes along', () => {
    for (const text of ['Super-PGP foo=ajsohdaosdh0, bar', 'Bearer abc.def==']) {
      const value = authorizationHeader.decode(text);
      assert.ok(!(value instanceof Malformed) && value.kind === 'other');
      assert.equal(authorizationHeader.encode(value), text);
    }
  });

  it('finds malformed credentials', () => {
    for (const text of [
      '',
      'Digest',
      'Digest username="a"',
      'Digest username="a", realm="r", nonce="n", uri="u"',
      'Digest username="a" realm="r", nonce="n", uri="u", response="0"',
      'Digest username="a, realm="r", nonce="n", uri="u", response="0"',
      'Digest username, realm="r", nonce="n", uri="u", response="0"',
      'Digest =a',
    ]) {
      assert.ok(authorizationHeader.decode(text) instanceof Malformed, text);
    }
  });

  it('passes over empty list elements, as RFC 7230 §7 asks', () => {
    assert.equal(credentials('Digest ,username="a",, realm="r", nonce="n", uri="u", response="0",').response, '0');
  });
});

describe('WWW-Authenticate and Proxy-Authenticate', () => {
  const text =
    'Digest realm="atlanta.com", nonce="f84f", domain="sip:boxesbybob.com", opaque="", stale=false, algorithm=MD5, qop="auth,auth-int", x=1';

  it('reads and writes a Digest challenge (RFC 3261 §20.44)', () => {
    const value = challenge(text);
    assert.deepEqual(
      { ...value, parameters: value.parameters.toString() },
      {
        kind: 'digest',
        realm: 'atlanta.com',
        nonce: 'f84f',
        domain: 'sip:boxesbybob.com',
        opaque: '',
        stale: false,
        algorithm: 'MD5',
        qop: ['auth', 'auth-int'],
        parameters: ';x=1',
      },
    );
    for (const field of [wwwAuthenticateHeader, proxyAuthenticateHeader]) assert.equal(field.encode(value), text);
  });

  it('reads what is quoted or not the other way round', () => {
    const value = challenge('Digest nonce=abc, realm="r", qop=auth, stale="TRUE", algorithm="SHA-256", userhash=true');
    assert.deepEqual([value.nonce, value.qop, value.stale, value.algorithm, value.userhash], ['abc', ['auth'], true, 'SHA-256', true]);
  });

  it('keeps several challenges of one message apart', () => {
    const headers = Headers.of(
      ['WWW-Authenticate', 'Digest realm="a", nonce="1", qop="auth,auth-int"'],
      ['WWW-Authenticate', text],
      ['WWW-Authenticate', 'Basic realm="x"'],
    );
    const all = headers.all(wwwAuthenticateHeader).value ?? [];
    assert.deepEqual(
      all.map((each) => (each.kind === 'digest' ? each.realm : each.scheme)),
      ['a', 'atlanta.com', 'Basic'],
    );
  });

  it('finds a challenge without realm or nonce malformed', () => {
    for (const broken of ['Digest realm="a"', 'Digest nonce="a"', 'Digest'])
      assert.ok(wwwAuthenticateHeader.decode(broken) instanceof Malformed, broken);
  });
});

describe('Authentication-Info', () => {
  it('reads and writes what follows good credentials (RFC 7616 §3.5)', () => {
    const text = 'nextnonce="47364c", qop=auth, rspauth="6629", cnonce="0a4f", nc=00000001, x="y"';
    const value = authenticationInfoHeader.decode(text);
    assert.ok(!(value instanceof Malformed));
    assert.deepEqual(
      [value.nextnonce, value.qop, value.rspauth, value.cnonce, value.nc, value.parameters.get('x')],
      ['47364c', 'auth', '6629', '0a4f', '00000001', 'y'],
    );
    assert.equal(authenticationInfoHeader.encode(value), text);
    assert.equal(authenticationInfoHeader.encode({ nextnonce: 'n', parameters: Parameters.empty }), 'nextnonce="n"');
    assert.ok(authenticationInfoHeader.decode('nextnonce') instanceof Malformed);
  });
});
