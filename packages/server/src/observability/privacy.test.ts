import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeHashes, nodeOctets } from '@opencpm/sip/node';
import type { LogFields } from './log.ts';
import { Measures } from './measures.ts';
import { Privacy } from './privacy.ts';
import { privateLog } from './private-log.ts';

const libraries = { hashes: nodeHashes(), octets: nodeOctets };
const hiding = new Privacy({ addresses: false, bodies: false }, 'key of the database', libraries);
const showing = new Privacy({ addresses: true, bodies: true }, 'key of the database', libraries);

test('a hidden address is the same each time, another one under another key', () => {
  const hidden = hiding.address('tel:+15550001');
  assert.match(hidden, /^#[0-9a-f]{10}$/);
  assert.equal(hiding.address('tel:+15550001'), hidden);
  assert.notEqual(hiding.address('tel:+15550002'), hidden);
  const elsewhere = new Privacy({ addresses: false, bodies: false }, 'another key', libraries);
  assert.notEqual(elsewhere.address('tel:+15550001'), hidden);
  assert.equal(showing.address('tel:+15550001'), 'tel:+15550001');
});

test('a hidden body tells its size', () => {
  const body = new TextEncoder().encode('grüß dich');
  assert.match(hiding.body(body), /^#[0-9a-f]{10} \(11 bytes\)$/);
  assert.equal(showing.body(body), 'grüß dich');
});

test('addresses inside a sentence are hidden wherever they stand; paths, hosts and plain numbers stay', () => {
  const written = 'no way to <sip:bob@cpm.test;transport=tcp>, tel:+15550001 or alice@[2001:db8::1]; call +4989123456';
  const shown = hiding.text(written);
  assert.match(shown, /^no way to <#[0-9a-f]{10};transport=tcp>, #[0-9a-f]{10} or #[0-9a-f]{10}; call #[0-9a-f]{10}$/);
  assert.equal(showing.text(written), written);
  const plain = 'at file:///srv/node_modules/@opencpm/sip/dist/udp.js:12:5, getaddrinfo ENOTFOUND core.example, 503 after 10000 ms';
  assert.equal(hiding.text(plain), plain);
});

test('whatever field an address stands in, the log hides it; ids of a message stay, and lines are counted by level', () => {
  const lines: { level: string; fields: LogFields; text: string }[] = [];
  const at = (level: string) => (fields: LogFields, text: string) => void lines.push({ level, fields, text });
  const measures = new Measures();
  const inner = { debugging: false, error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
  const log = privateLog(inner, hiding, measures);
  log.error({ reason: 'sip:bob@cpm.test is nobody', callId: 'x@10.0.0.2', status: 404 }, 'It went wrong.');
  log.debug({ reason: 'nothing' }, 'Not written.');
  assert.equal(lines.length, 1);
  assert.match(String(lines[0]?.fields.reason), /^#[0-9a-f]{10} is nobody$/);
  assert.deepEqual([lines[0]?.fields.callId, lines[0]?.fields.status], ['x@10.0.0.2', 404]);
  assert.deepEqual([measures.logLines.of('error'), measures.logLines.of('debug')], [1, 0]);
});
