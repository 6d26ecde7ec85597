/** INVITE at an endpoint, as server and as client: retransmissions, ACK, CANCEL, and what users are told. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Headers } from '../message/headers.ts';
import { responseTo, type SipRequest, type SipResponse } from '../message/message.ts';
import { answerTo, incoming, lineOf, outgoing, peer, settle, statusLine, type World, world } from '../node/test-support/endpoint-world.ts';
import type { InviteFailure, InviteOptions, InviteServerTransaction } from './invite-options.ts';
import type { Target } from './options.ts';

const via = 'SIP/2.0/UDP 198.51.100.7:5070;branch=z9hG4bKone;rport';
const invite = incoming({ method: 'INVITE', via });
const firstLines = (world: World) => world.network.take().map(({ text }) => statusLine(text));

interface ServerWorld extends World {
  readonly invites: InviteServerTransaction[];
  readonly acknowledgements: SipRequest[];
}

async function serverWorld(): Promise<ServerWorld> {
  const made = await world({ allow: ['INVITE', 'BYE'] });
  const invites: InviteServerTransaction[] = [];
  const acknowledgements: SipRequest[] = [];
  made.endpoint.onInvite = (transaction) => void invites.push(transaction);
  made.endpoint.onAcknowledgement = (request) => void acknowledgements.push(request);
  return { ...made, invites, acknowledgements };
}

function respond(transaction: InviteServerTransaction | undefined, status: number, toTag = 'a'): void {
  assert.ok(transaction);
  transaction.respond(responseTo(transaction.request, status, { toTag }));
}

/** ACK or CANCEL of the INVITE above. */
function following(method: 'ACK' | 'CANCEL', branch = via): string {
  return incoming({ method, via: branch });
}

describe('an endpoint as server of INVITE', () => {
  it('says 100 after 200 ms for a user who is silent, and again for a retransmission', async () => {
    const made = await serverWorld();
    made.network.deliver(invite, made.flow);
    made.network.deliver(invite, made.flow);
    assert.equal(made.invites.length, 1);
    made.clock.advance(199);
    assert.deepEqual(firstLines(made), []);
    made.clock.advance(21);
    made.network.deliver(invite, made.flow);
    assert.deepEqual(firstLines(made), ['SIP/2.0 100 Trying', 'SIP/2.0 100 Trying']);
    respond(made.invites[0], 180);
    made.network.deliver(invite, made.flow);
    assert.deepEqual(firstLines(made), ['SIP/2.0 180 Ringing', 'SIP/2.0 180 Ringing']);
  });

  it('repeats a failure until its ACK comes, which the user never sees', async () => {
    const made = await serverWorld();
    made.network.deliver(invite, made.flow);
    respond(made.invites[0], 486);
    made.clock.advance(1_520);
    made.network.deliver(following('ACK'), made.flow);
    made.clock.advance(4_000);
    made.network.deliver(following('ACK'), made.flow);
    made.network.deliver(invite, made.flow);
    assert.deepEqual(firstLines(made), Array(3).fill('SIP/2.0 486 Busy Here'));
    made.clock.advance(1_100);
    assert.equal(made.endpoint.load.serverTransactions, 0);
    assert.deepEqual([made.invites.length, made.acknowledgements.length], [1, 0]);
  });

  it('tells of an ACK that never comes, and forgets the INVITE', async () => {
    const events: string[] = [];
    const made = await world({ allow: ['INVITE'], on: { unacknowledged: ({ method }) => events.push(method) } });
    made.endpoint.onInvite = (transaction) => respond(transaction, 404);
    made.network.deliver(invite, made.flow);
    made.clock.advance(32_020);
    assert.deepEqual(events, ['INVITE']);
    assert.equal(made.endpoint.load.serverTransactions, 0);
    assert.equal(made.network.take().length, 11);
  });

  it('absorbs an INVITE that comes again after its 2xx, lets the user repeat that, and passes him the ACK (RFC 6026)', async () => {
    const made = await serverWorld();
    made.network.deliver(invite, made.flow);
    respond(made.invites[0], 200);
    made.network.deliver(invite, made.flow);
    assert.deepEqual(firstLines(made), ['SIP/2.0 200 OK'], 'the 2xx is its user’s to repeat');
    respond(made.invites[0], 200);
    assert.deepEqual(firstLines(made), ['SIP/2.0 200 OK']);
    const ack = following('ACK', 'SIP/2.0/UDP 198.51.100.7:5070;branch=z9hG4bKack;rport');
    made.network.deliver(ack, made.flow);
    made.network.deliver(following('ACK'), made.flow);
    assert.equal(made.acknowledgements.length, 2, 'also one that wrongly has the branch of its INVITE');
    assert.match(made.acknowledgements[0]?.headers.text('Via') ?? '', /received=198\.51\.100\.7;rport=5070/);
    made.clock.advance(32_020);
    assert.equal(made.endpoint.load.serverTransactions, 0);
    assert.deepEqual(firstLines(made), []);
  });

  it('sends a 2xx that comes late, after a failure and after the end of the transaction', async () => {
    const made = await serverWorld();
    made.network.deliver(invite, made.flow);
    respond(made.invites[0], 408);
    respond(made.invites[0], 200, 'b');
    made.clock.advance(70_000);
    made.network.take();
    respond(made.invites[0], 200, 'c');
    assert.deepEqual(firstLines(made), ['SIP/2.0 200 OK']);
    assert.throws(() => respond(made.invites[0], 486), /after a final response/);
    assert.throws(() => respond(made.invites[0], 180), /after a final response/);
  });

  it('answers a CANCEL by itself and tells the INVITE of it, once and not after its final response', async () => {
    const made = await serverWorld();
    made.network.deliver(invite, made.flow);
    const cancels: SipRequest[] = [];
    const [transaction] = made.invites;
    assert.ok(transaction);
    transaction.onCancel = (cancel) => {
      cancels.push(cancel);
      respond(transaction, 487);
    };
    made.network.deliver(following('CANCEL'), made.flow);
    made.network.deliver(following('CANCEL'), made.flow);
    assert.deepEqual(firstLines(made), ['SIP/2.0 200 OK', 'SIP/2.0 487 Request Terminated', 'SIP/2.0 200 OK']);
    assert.equal(cancels.length, 1);
    made.network.deliver(following('CANCEL', 'SIP/2.0/UDP 198.51.100.7:5070;branch=z9hG4bKother;rport'), made.flow);
    assert.deepEqual(firstLines(made), ['SIP/2.0 481 Call/Transaction Does Not Exist']);
  });

  it('answers a CANCEL 200 to no effect when the INVITE has its final response', async () => {
    const made = await serverWorld();
    made.network.deliver(invite, made.flow);
    const [transaction] = made.invites;
    assert.ok(transaction);
    transaction.onCancel = () => assert.fail('too late');
    respond(transaction, 200);
    made.network.deliver(following('CANCEL'), made.flow);
    assert.deepEqual(firstLines(made), ['SIP/2.0 200 OK', 'SIP/2.0 200 OK']);
  });

  it('answers 500 for a handler that throws, 405 where INVITE is not let in, and drops a malformed ACK', async () => {
    const made = await serverWorld();
    made.endpoint.onInvite = () => {
      throw new Error('thrown');
    };
    made.network.deliver(invite, made.flow);
    made.network.deliver(following('ACK').replace('CSeq: 1 ACK', 'CSeq: x'), made.flow);
    assert.deepEqual(firstLines(made), ['SIP/2.0 500 Server Internal Error']);
    assert.deepEqual([made.events, made.acknowledgements], [['fault: thrown'], []]);
    const closed = await world();
    closed.network.deliver(invite, closed.flow);
    assert.deepEqual(firstLines(closed), ['SIP/2.0 405 Method Not Allowed']);
  });

  it('lets every method in that may come when all are allowed', async () => {
    const made = await world({ allow: 'any' });
    for (const method of ['PUBLISH', 'NOSUCH'])
      made.network.deliver(incoming({ method, via: `SIP/2.0/UDP 198.51.100.7:5070;branch=z9hG4bK${method};rport` }), made.flow);
    assert.deepEqual(
      made.requests.map(({ request }) => request.method),
      ['PUBLISH', 'NOSUCH'],
    );
    made.network.deliver(invite, made.flow);
    assert.deepEqual(firstLines(made), ['SIP/2.0 501 Not Implemented'], 'until onInvite is set');
  });
});

const udp: Target = { transport: 'UDP', address: peer };
const outgoingInvite = outgoing({
  method: 'INVITE',
  headers: outgoing().headers.with('CSeq', '7 INVITE').append('Route', '<sip:198.51.100.7:5070;lr>').append('Subject', 'x'),
});

interface Told {
  readonly responses: SipResponse[];
  readonly failures: InviteFailure[];
}

function send(made: World, target: Target = udp, options: InviteOptions = {}) {
  const told: Told = { responses: [], failures: [] };
  const sent = made.endpoint.invite(
    outgoingInvite,
    target,
    { response: (response) => told.responses.push(response), failed: (failure) => told.failures.push(failure) },
    options,
  );
  return { ...told, sent };
}

const statuses = ({ responses }: Told) => responses.map(({ status }) => status);

describe('an endpoint as client of INVITE', () => {
  it('repeats the INVITE until a provisional response, and tells every one of them', async () => {
    const made = await world();
    const told = send(made);
    made.clock.advance(1_520);
    const sent = made.network.take();
    assert.equal(sent.length, 3);
    for (const status of [100, 180, 183]) made.network.deliver(answerTo(sent[0]?.text ?? '', status), made.flow);
    made.clock.advance(120_000);
    assert.deepEqual([statuses(told), told.failures, made.network.take()], [[100, 180, 183], [], []]);
  });

  it('acknowledges a failure with the branch and Route of its INVITE and the tag of the response, each time it comes', async () => {
    const made = await world();
    const told = send(made);
    const [sent] = made.network.take();
    const busy = answerTo(sent?.text ?? '', 486).replace('To: <sip:bob@example.net>', 'To: <sip:bob@example.net>;tag=b');
    made.network.deliver(busy, made.flow);
    made.network.deliver(busy, made.flow);
    const [ack, again] = made.network.take().map(({ text }) => text);
    assert.equal(again, ack);
    assert.equal(statusLine(ack), 'ACK sip:bob@example.net SIP/2.0');
    assert.equal(lineOf(ack, 'Via'), lineOf(sent?.text, 'Via'));
    assert.deepEqual(
      ['To', 'CSeq', 'Route', 'Call-ID', 'From', 'Max-Forwards', 'Subject'].map((name) => lineOf(ack, name)),
      ['<sip:bob@example.net>;tag=b', '7 ACK', '<sip:198.51.100.7:5070;lr>', 'c1', '<sip:alice@example.net>;tag=1', '70', undefined],
    );
    assert.deepEqual(statuses(told), [486]);
    made.clock.advance(32_020);
    assert.equal(made.endpoint.load.clientTransactions, 0);
  });

  it('passes every 2xx for 32 s and acknowledges none of them by itself (RFC 6026)', async () => {
    const made = await world();
    const told = send(made);
    const [sent] = made.network.take();
    const ok = answerTo(sent?.text ?? '', 200);
    made.network.deliver(ok, made.flow);
    made.network.deliver(ok, made.flow);
    assert.deepEqual([statuses(told), made.network.take()], [[200, 200], []]);
    const acknowledgement = { ...outgoingInvite, method: 'ACK', headers: outgoingInvite.headers.with('CSeq', '7 ACK') };
    made.endpoint.acknowledge(acknowledgement, udp);
    const [ack] = made.network.take();
    assert.equal(statusLine(ack?.text), 'ACK sip:bob@example.net SIP/2.0');
    assert.notEqual(lineOf(ack?.text, 'Via'), lineOf(sent?.text, 'Via'));
    made.clock.advance(32_020);
    made.network.deliver(ok, made.flow);
    assert.deepEqual(made.events, ['stray 200']);
  });

  it('sends a CANCEL when a provisional response has come, over the same flow and with the same Via and Route', async () => {
    const made = await world();
    const told = send(made);
    told.sent.cancel(Headers.of(['Reason', 'SIP;cause=200']));
    told.sent.cancel();
    const [sent] = made.network.take();
    made.network.deliver(answerTo(sent?.text ?? '', 100), made.flow);
    const [cancel, more] = made.network.take();
    assert.equal(more, undefined);
    assert.equal(statusLine(cancel?.text), 'CANCEL sip:bob@example.net SIP/2.0');
    assert.deepEqual(
      ['Via', 'To', 'CSeq', 'Route', 'Reason'].map((name) => lineOf(cancel?.text, name)),
      [lineOf(sent?.text, 'Via'), '<sip:bob@example.net>', '7 CANCEL', '<sip:198.51.100.7:5070;lr>', 'SIP;cause=200'],
    );
    made.network.deliver(answerTo(cancel?.text ?? '', 200), made.flow);
    made.network.deliver(answerTo(sent?.text ?? '', 487), made.flow);
    assert.equal(statusLine(made.network.take()[0]?.text), 'ACK sip:bob@example.net SIP/2.0');
    assert.deepEqual(statuses(told), [100, 487]);
  });

  it('gives up on a cancelled INVITE that has no final response in 32 s', async () => {
    const made = await world();
    const told = send(made);
    made.network.deliver(answerTo(made.network.take()[0]?.text ?? '', 180), made.flow);
    told.sent.cancel();
    made.clock.advance(32_040);
    await settle();
    assert.deepEqual(told.failures, [{ kind: 'timeout' }]);
    assert.equal(made.endpoint.load.clientTransactions, 0);
  });

  it('times out after 32 s without any response', async () => {
    const made = await world();
    const told = send(made);
    made.clock.advance(32_020);
    await settle();
    assert.deepEqual(told.failures, [{ kind: 'timeout' }]);
    assert.equal(made.network.take().length, 7);
  });

  it('fails with its connection while nobody has answered; who has may answer over another one', async () => {
    const made = await world();
    made.network.connectResults.push('accept', 'accept');
    const silent = send(made, { transport: 'TCP', address: peer });
    await settle();
    const [first] = made.network.take();
    first?.flow.close();
    const ringing = send(made, { transport: 'TCP', address: peer });
    await settle();
    const [second] = made.network.take();
    assert.ok(second);
    made.network.deliver(answerTo(second.text, 180), second.flow);
    second.flow.close();
    await settle();
    made.network.deliver(answerTo(second.text, 200), made.network.connection(peer));
    assert.deepEqual([silent.failures, statuses(silent)], [[{ kind: 'transport-failure', reason: 'closed here' }], []]);
    assert.deepEqual([ringing.failures, statuses(ringing)], [[], [180, 200]]);
  });

  it('fails, after it has returned, for want of a connection, of room and of an open endpoint', async () => {
    const made = await world({ limits: { clientTransactions: 1 } });
    const refused = send(made, { transport: 'TCP', address: peer });
    const tooMany = send(made);
    assert.deepEqual([refused.failures, tooMany.failures], [[], []]);
    await settle();
    assert.deepEqual(refused.failures, [{ kind: 'transport-failure', reason: 'ECONNREFUSED' }]);
    assert.deepEqual(tooMany.failures, [{ kind: 'transport-failure', reason: 'limit of client transactions reached' }]);
    const open = send(made);
    await made.endpoint.close();
    await settle();
    assert.deepEqual(open.failures, [{ kind: 'transport-failure', reason: 'endpoint closed' }]);
    assert.equal(made.clock.wakes, 0);
    const late = send(made);
    await settle();
    assert.deepEqual(late.failures, [{ kind: 'transport-failure', reason: 'endpoint closed' }]);
  });

  it('refuses what a program does wrong', async () => {
    const made = await world();
    const events = { response: () => undefined, failed: () => undefined };
    assert.throws(() => made.endpoint.invite(outgoing(), udp, events), /MESSAGE has no INVITE transaction/);
    assert.throws(() => made.endpoint.acknowledge(outgoing(), udp), /MESSAGE is no ACK/);
    assert.throws(() => send(made, udp, { branch: 'abc' }), /RFC 3261 §8\.1\.1\.7/);
    send(made, udp, { branch: 'z9hG4bKx' });
    assert.throws(() => send(made, udp, { branch: 'z9hG4bKx' }), /under way/);
  });

  it('takes a listener that throws for a fault', async () => {
    const made = await world();
    const response = () => {
      throw new Error('listener');
    };
    made.endpoint.invite(outgoingInvite, udp, { response, failed: () => undefined });
    made.network.deliver(answerTo(made.network.take()[0]?.text ?? '', 180), made.flow);
    assert.deepEqual(made.events, ['fault: listener']);
  });

  it('names itself towards a flow, a datagram address and a connection', async () => {
    const made = await world();
    assert.deepEqual(made.endpoint.addressTowards({ flow: made.flow }), { transport: 'UDP', sentBy: '192.0.2.1:5060' });
    assert.deepEqual(made.endpoint.addressTowards(udp), { transport: 'UDP', sentBy: '192.0.2.1:5060' });
    assert.equal(made.endpoint.addressTowards({ transport: 'TCP', address: peer }), undefined);
  });
});
