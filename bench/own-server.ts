import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../interop/surroundings/free-port.ts';
import { type Account, ServerProcess, type ServerSettings } from '../interop/surroundings/server-process.ts';
import { password, warmUp, warmUsers } from './warm-up.ts';

export { password };

/** Recipients there (`bob`) and away (`off`), senders, and the two users of whom the drivers measure single ones. */
const usersPerKind = 100;

/**
 * Our server in its shipped configuration, with the users of the drivers, for one pair: another run of a driver
 * registers the same users at other ports, and the clients that are gone would be tried too.
 */
export async function withOwnServer<T>(
  through: readonly string[],
  use: (server: ServerProcess) => Promise<T>,
  settings: Partial<ServerSettings> = {},
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'opencpm-bench-'));
  const server = new ServerProcess(folder, await freePort(), { users: accounts(), trustedPeers: ['127.0.0.1'], ...settings });
  try {
    await server.start(through);
    await warmUp(server);
    return await use(server);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function accounts(): Account[] {
  const numbered = ['bob', 'off', 'alice'].flatMap((kind) => Array.from({ length: usersPerKind }, (_, index) => `${kind}${index}`));
  return [...numbered, 'probe', 'silo', ...warmUsers].map((user) => ({ user, password }));
}
