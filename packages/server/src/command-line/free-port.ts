import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** How far from the port wished for we look. */
const portsTried = 40;

/** The first port from `wished` on that is free on that address for UDP and TCP; undefined when none of the next 40 is. */
export async function freePort(host: string, wished: number): Promise<number | undefined> {
  for (let port = wished; port < wished + portsTried; port++) {
    if ((await datagramPortIsFree(host, port)) && (await streamPortIsFree(host, port))) return port;
  }
  return undefined;
}

function datagramPortIsFree(host: string, port: number): Promise<boolean> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  return new Promise((resolve) => {
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ address: host, port, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}

function streamPortIsFree(host: string, port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
