import { createSocket } from 'node:dgram';

/** Any port will do: connecting a UDP socket asks the routing table and sends nothing. */
const discardPort = 9;

/** The address of this machine from which `remote`, an IPv4 or IPv6 address, is reached; undefined when there is no way. */
export function localHost(remote: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(remote.includes(':') ? 'udp6' : 'udp4');
    const done = (host: string | undefined) => {
      socket.close();
      resolve(host);
    };
    socket.once('error', () => done(undefined));
    socket.connect(discardPort, remote, () => done(socket.address().address));
  });
}
