import { connectAdministration } from '../admin/connect-administration.ts';
import { serveAdministration } from '../admin/serve-administration.ts';
import type { Server } from '../create-server.ts';
import { releaseMemoryAtRest } from '../memory-at-rest.ts';
import type { LocatedConfiguration } from './located-configuration.ts';
import { done, exitCodes, type Failure, failed, type Outcome } from './outcome.ts';
import { faultText } from './startup-faults.ts';
import type { CommandRun } from './surroundings.ts';

/** Runs a server until the program is asked to end; `started` is told when clients can come. */
export async function runServer(run: CommandRun, located: LocatedConfiguration, started: (server: Server) => void): Promise<Outcome<void>> {
  const taken = await alreadyRunning(located);
  if (taken !== undefined) return taken;
  const interruption = abortOf(run.surroundings.interrupted);
  // A start that hangs (a database that does not answer) is ended by leaving it: what is not committed is not there.
  const server = await Promise.race([create(located), interruption]);
  if (server === undefined) return done(undefined);
  if (server.kind === 'failed') return server;
  const unexpected = (error: unknown) => run.output.complain(`administration: ${error instanceof Error ? error.stack : String(error)}`);
  const serving = await serveAdministration(server.value.administration, located.administrationSocket, unexpected);
  if (serving.kind === 'fault') {
    await server.value.stop();
    return failed(exitCodes.fault, serving.text);
  }
  if (hasFiles(located)) run.surroundings.onHangUp?.(() => server.value.reopenFiles());
  started(server.value);
  const keepMemory = releaseMemoryAtRest(() => server.value.rest());
  await interruption;
  keepMemory();
  run.output.say('Stopping.');
  await server.value.drain();
  await serving.close();
  await server.value.stop();
  return done(undefined);
}

/** Without a file of its own to open anew, SIGHUP is what it is for any program of a terminal: its end. */
function hasFiles({ configuration }: LocatedConfiguration): boolean {
  return configuration.log.file !== undefined || configuration.records.file !== undefined;
}

/** A server on this database answers on its socket; this is clearer than the lock that would stop us later. */
export async function alreadyRunning(located: LocatedConfiguration): Promise<Failure | undefined> {
  const running = await connectAdministration(located.administrationSocket);
  if (running === undefined) return undefined;
  const listen = await running.status().then(
    (status) => status.listen.join(', '),
    () => 'addresses unknown',
  );
  const { administrationSocket, configuration } = located;
  return failed(
    exitCodes.fault,
    `A server for ${configuration.domain} runs already (${listen}; ${administrationSocket}): stop it, or use another storage.`,
  );
}

async function create(located: LocatedConfiguration): Promise<Outcome<Server>> {
  const [{ createServer }, { nodeServerPlatform }] = await Promise.all([import('../create-server.ts'), import('../node-platform.ts')]);
  try {
    return done(await createServer(nodeServerPlatform(located.configuration.dns), located.configuration));
  } catch (error) {
    return failed(exitCodes.fault, faultText(error, located));
  }
}

function abortOf(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
