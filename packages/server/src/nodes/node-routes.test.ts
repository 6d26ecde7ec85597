import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClientAnswer, userId } from '@opencpm/cpm';
import { Headers, responseTo, type SipRequest } from '@opencpm/sip';
import { nodeHashes } from '@opencpm/sip/node';
import { answerOfNode, answerToNode } from './client-answers.ts';
import { NodeRoutes } from './node-routes.ts';

const request: SipRequest = {
  kind: 'request',
  method: 'MESSAGE',
  uri: 'sip:bob@example.test',
  headers: Headers.of(
    ['Via', 'SIP/2.0/TCP 10.0.0.1:5080;branch=z9hG4bKa'],
    ['From', '<sip:alice@example.test>;tag=1'],
    ['To', '<sip:bob@example.test>'],
    ['Call-ID', 'call@example.test'],
    ['CSeq', '1 MESSAGE'],
  ),
  body: new Uint8Array(0),
};
const routes = new NodeRoutes(nodeHashes(), 'secret');
const place = { owner: userId('0123456789abcdef'), client: '<urn:uuid:1> 1', branch: 'z9hG4bKb' };

function routed(value: string, from = request): SipRequest {
  return { ...from, headers: from.headers.prepend('Route', value) };
}

test('a node reads for whom another one has sent a request, and under which branch it goes on', () => {
  const read = routes.read(routed(routes.issue(request, place)));
  assert.deepEqual([read?.owner, read?.branch], [place.owner, place.branch]);
  assert.deepEqual([read?.isFor(place.client), read?.isFor('<urn:uuid:2> 1')], [true, false]);
});

test('nobody without the secret of the installation is obeyed, and no route serves a second request', () => {
  const value = routes.issue(request, place);
  assert.equal(new NodeRoutes(nodeHashes(), 'other').read(routed(value)), undefined);
  const other = { ...request, headers: request.headers.with('Call-ID', 'other@example.test') };
  assert.equal(routes.read(routed(value, other)), undefined);
  assert.equal(routes.read(routed(value.replace('branch=z9hG4bKb', 'branch=z9hG4bKc'))), undefined);
  assert.equal(routes.read(routed('<sip:node-1-2-3@node.invalid;lr>')), undefined);
  assert.equal(routes.read(routed('<sip:proxy.example.test;lr>')), undefined);
  assert.equal(routes.read(request), undefined);
});

test('what a client has answered crosses with its status and headers, and what became of it otherwise by name', () => {
  const refused = responseTo(request, 503, { reason: 'Busy here', headers: Headers.of(['Retry-After', '7']) });
  const crossed = answerOfNode(answerToNode(request, { kind: 'answered', response: refused }));
  assert(crossed.kind === 'answered');
  assert.deepEqual(
    [crossed.response.status, crossed.response.reason, crossed.response.headers.text('Retry-After')],
    [503, 'Busy here', '7'],
  );
  const others: readonly ClientAnswer[] = [
    { kind: 'not-registered' },
    { kind: 'unreachable', reason: 'no answer' },
    { kind: 'not-sent', reason: 'too long for UDP' },
  ];
  for (const answer of others) assert.deepEqual(answerOfNode(answerToNode(request, answer)), answer);
});

test('a refusal of the node itself says nothing of the client', () => {
  assert.deepEqual(answerOfNode(responseTo(request, 503)), { kind: 'not-sent', reason: 'the client’s node answered 503' });
});
