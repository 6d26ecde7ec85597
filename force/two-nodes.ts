import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../interop/surroundings/free-port.ts';
import { ServerProcess, type ServerSettings } from '../interop/surroundings/server-process.ts';
import { AdministrationSocket } from './administration.ts';
import { openStorage } from './engine.ts';

/** Several servers on one PostgreSQL, each a process of its own. */
export interface NodesUnderTest {
  /** What a node says of the queue. */
  administrationOf(node: ServerProcess): AdministrationSocket;
  readonly a: ServerProcess;
  readonly b: ServerProcess;
  /** A server that was not started yet, with further settings. */
  another(name: string, settings: Partial<ServerSettings>): Promise<ServerProcess>;
  /** Ends all of them, and the database. */
  stop(): Promise<void>;
}

/** A dead node counts as dead after that. */
const lease = '2s';

/** Starts the nodes `a` and `b` with the same users; a client may use either. */
export async function startTwoNodes(settings: Omit<ServerSettings, 'storage' | 'cluster'>): Promise<NodesUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), 'opencpm-nodes-'));
  const undoing: (() => Promise<unknown>)[] = [async () => rmSync(folder, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const undo of undoing.reverse()) await undo();
  };
  try {
    const storage = await openStorage('postgres');
    undoing.push(() => storage.stop());
    const sockets = new Map<ServerProcess, AdministrationSocket>();
    const another = async (name: string, more: Partial<ServerSettings>): Promise<ServerProcess> => {
      const own = join(folder, name);
      mkdirSync(own);
      const server = new ServerProcess(own, await freePort(), { ...settings, storage: storage.url, ...more });
      sockets.set(server, new AdministrationSocket(join(own, 'data', 'opencpm.sock')));
      undoing.push(async () => (server.isRunning ? await server.crash() : undefined));
      return server;
    };
    const node = async (name: string): Promise<ServerProcess> =>
      another(name, { cluster: { node: name, listen: `tcp://127.0.0.1:${await freePort()}`, lease } });
    const [a, b] = [await node('a'), await node('b')];
    await a.start();
    await b.start();
    const administrationOf = (server: ServerProcess): AdministrationSocket => {
      const socket = sockets.get(server);
      if (socket === undefined) throw new Error('that server is none of these');
      return socket;
    };
    return { a, b, administrationOf, another, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
