import assert from 'node:assert/strict';
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { it, type TestContext } from 'node:test';
import { IncomingBatch, OutgoingBatch } from './udp-batches.ts';

const from: RemoteInfo = { address: '127.0.0.1', family: 'IPv4', port: 9, size: 1 };

async function socketOf(t: TestContext) {
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

/** A batch that keeps what it is given to work on; `came` is the text of each. */
function batchOf(maxOctets = 1_000_000) {
  const came: string[] = [];
  const faults: string[] = [];
  const batch = new IncomingBatch({
    received: (octets) => {
      const text = new TextDecoder().decode(octets);
      came.push(text);
      if (text === 'fault') throw new Error('the second');
    },
    fault: (fault) => faults.push(String(fault)),
    maxOctets,
  });
  return { came, faults, add: (text: string, port = 9) => batch.add(new TextEncoder().encode(text), { ...from, port }) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('what was read in one turn is worked on in its order, behind a fault too, and responses first', async () => {
  const { came, faults, add } = batchOf();
  for (const text of ['one', 'fault', 'SIP/2.0 200 OK', 'three']) add(text);
  assert.deepEqual(came, []);
  await turn();
  assert.deepEqual([came, faults], [['SIP/2.0 200 OK', 'one', 'fault', 'three'], ['Error: the second']]);
});

it('requests wait while the socket may hold responses, but not for ever', async () => {
  const { came, add } = batchOf(64 * 1024);
  for (let index = 0; index < 32; index += 1) add('');
  await turn();
  assert.deepEqual(came, []);
  add('SIP/2.0 200 OK');
  await turn();
  assert.deepEqual([came[0], came.length], ['SIP/2.0 200 OK', 33]);
  // As many wait as may: now they are worked on, however much the socket still holds, and however little each of them is.
  for (let index = 0; index < 100; index += 1) add('', index + 1);
  await turn();
  assert.equal(came.length, 33 + 37);
  await turn();
  assert.equal(came.length, 33 + 69);
});

it('of many waiting requests each is worked on once, whoever sends copies; none is lost, however long', async () => {
  const { came, add } = batchOf(2_000);
  for (let index = 0; index < 80; index += 1) add(`request ${index}`);
  for (let index = 64; index < 80; index += 1) add(`request ${index}`);
  add('request 70', 10);
  add('x'.repeat(2_000));
  while (came.length < 82) await turn();
  await turn();
  assert.deepEqual([came.length, came.at(-1)?.length], [82, 2_000]);
  assert.deepEqual(came.filter((text) => text === 'request 70').length, 2);
  add('request 70');
  await turn();
  assert.equal(came.length, 83);
});

it('what is sent leaves in its order, at the latest when the socket is flushed before its end', async (t) => {
  const [sender, receiver] = [await socketOf(t), await socketOf(t)];
  const came: string[] = [];
  const { promise: last, resolve } = Promise.withResolvers<void>();
  receiver.on('message', (octets) => {
    came.push(octets.toString());
    if (came.length === 3) resolve();
  });
  const outgoing = new OutgoingBatch(sender, 1_000_000);
  const { address: host, port } = receiver.address();
  const sent: (Error | null)[] = [];
  for (const text of ['one', 'two', 'three']) outgoing.add({ octets: Buffer.from(text), host, port, sent: (error) => sent.push(error) });
  outgoing.flush();
  outgoing.flush();
  await last;
  assert.deepEqual(came, ['one', 'two', 'three']);
  assert.deepEqual(sent, [null, null, null]);
});

it('takes nothing more once too much waits, and takes again when that has left', async (t) => {
  const socket = await socketOf(t);
  const outgoing = new OutgoingBatch(socket, 10);
  const datagram = () => ({ octets: new Uint8Array(11), host: '127.0.0.1', port: socket.address().port, sent: () => undefined });
  assert.deepEqual([outgoing.add(datagram()), outgoing.add(datagram())], [true, false]);
  outgoing.flush();
  assert.equal(outgoing.add(datagram()), true);
  outgoing.flush();
});

it('takes datagrams again when the socket has sent what it could not send at once', () => {
  let queued = 0;
  const outgoing = new OutgoingBatch({ send: () => undefined, getSendQueueSize: () => queued }, 10);
  const datagram = { octets: new Uint8Array(11), host: '127.0.0.1', port: 9, sent: () => undefined };
  assert.equal(outgoing.add(datagram), true);
  queued = 11;
  outgoing.flush();
  assert.equal(outgoing.add(datagram), false);
  queued = 0;
  assert.equal(outgoing.add(datagram), true);
});

it('an address that no socket takes holds up nobody else', async (t) => {
  const socket = await socketOf(t);
  const outgoing = new OutgoingBatch(socket, 1_000);
  const sent: string[] = [];
  const datagram = (port: number) => ({
    octets: Uint8Array.of(1),
    host: '127.0.0.1',
    port,
    sent: (error: Error | null) => sent.push(`${port === 0 ? 'nowhere' : 'there'} ${error === null ? 'sent' : error.name}`),
  });
  outgoing.add(datagram(0));
  outgoing.add(datagram(socket.address().port));
  outgoing.flush();
  await once(socket, 'message');
  assert.deepEqual(sent, ['nowhere RangeError', 'there sent']);
});
