import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mediaType, parseContentType } from './content-type.ts';
import type { ExternalBody } from './external-body.ts';
import { parseExternalBody } from './external-body.ts';
import { encodeText } from './octets.ts';
import type { PayloadProblem } from './problem.ts';

function parse(type: string, body = ''): ExternalBody | PayloadProblem {
  const parsed = parseContentType(type);
  assert.ok(parsed.kind === 'content-type');
  return parseExternalBody(parsed, encodeText(body));
}

test('a reference gives its URL, its life, its size and the type of what it refers to (RFC 4483 §5)', () => {
  const body = parse(
    'message/external-body; access-type="URL"; expiration="Mon, 02 Mar 2026 18:20:11 GMT"; URL="https://store.example.org/o/17;x=1"; size=5120',
    'Content-Type: image/png\r\nContent-ID: <17@store.example.org>\r\n\r\n',
  );
  assert.ok(body.kind === 'external-body');
  assert.equal(body.accessType, 'url');
  assert.equal(body.url, 'https://store.example.org/o/17;x=1');
  assert.equal(body.expiration, 'Mon, 02 Mar 2026 18:20:11 GMT');
  assert.equal(body.sizeOctets, 5120);
  assert.equal(mediaType(body.contentType), 'image/png');
  assert.equal(body.mimeHeaders[1]?.name, 'Content-ID');
});

test('blanks that break a long URL are no part of it (RFC 2017 §3.1)', () => {
  const body = parse('message/external-body;access-type=url;url="imap://store.example.org/\r\n  box/;uid=4 "');
  assert.equal(body.kind === 'external-body' && body.url, 'imap://store.example.org/box/;uid=4');
});

test('another access type is shown without a URL, a size that is no number is left out', () => {
  const body = parse('message/external-body;access-type=ANON-FTP;name=x;site=ftp.example.org;size=huge');
  assert.ok(body.kind === 'external-body');
  assert.deepEqual(
    [body.accessType, body.url, body.sizeOctets, body.parameters.get('site')],
    ['anon-ftp', undefined, undefined, 'ftp.example.org'],
  );
  assert.equal(mediaType(body.contentType), 'text/plain');
});

test('a reference without access type or URL, or of another media type, is a problem', () => {
  const codes = ['message/external-body', 'message/external-body;access-type=url;url=" "', 'text/plain;access-type=url;url=x'].map(
    (type) => {
      const result = parse(type);
      return result.kind === 'payload-problem' ? result.code : 'none';
    },
  );
  assert.deepEqual(codes, ['missing', 'missing', 'unsupported']);
});
