import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';

import { freePort } from './free-port.ts';

test('a port that UDP or TCP has taken is passed over', async (context) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const address = server.address();
  assert(typeof address === 'object' && address !== null);
  const afterStream = await freePort('127.0.0.1', address.port);
  assert(afterStream !== undefined && afterStream > address.port);

  const socket = createSocket('udp4').bind(afterStream, '127.0.0.1');
  await once(socket, 'listening');
  context.after(() => socket.close());
  const afterBoth = await freePort('127.0.0.1', address.port);
  assert(afterBoth !== undefined && afterBoth > afterStream);
});
