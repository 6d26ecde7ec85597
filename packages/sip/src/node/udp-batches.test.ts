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

it('what was read in one turn is worked on in its order, behind a fault too', async () => {
  const seen: number[] = [];
  const faults: unknown[] = [];
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const work = (octets: Uint8Array) => {
    seen.push(...octets);
    if (octets[0] === 2) throw new Error('the second');
    if (octets[0] === 3) resolve();
  };
  const batch = new IncomingBatch(work, (fault) => faults.push(fault));
  for (const octet of [1, 2, 3]) batch.add(Uint8Array.of(octet), from);
  assert.deepEqual(seen, []);
  await done;
  assert.deepEqual([seen, faults.map(String)], [[1, 2, 3], ['Error: the second']]);
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
