import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

const given = new Set<number>();

/** A port of 127.0.0.1 that is free for TCP and UDP now, and that this process has not given before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const usable = !given.has(port) && (await isFreeForUdp(port));
    server.close();
    await once(server, 'close');
    if (!usable) continue;
    given.add(port);
    return port;
  }
}

function isFreeForUdp(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    socket.once('error', () => resolve(false));
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)));
  });
}
