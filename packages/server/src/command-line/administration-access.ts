import { existsSync } from 'node:fs';
import { AdministrationUnreachable, connectAdministration } from '../admin/connect-administration.ts';
import type { Administration } from '../administration.ts';
import { databaseFile } from '../configuration/storage-location.ts';
import { type LocatedConfiguration, locateConfiguration } from './located-configuration.ts';
import { exitCodes, failed, type Outcome } from './outcome.ts';
import { faultText } from './startup-faults.ts';
import type { CommandRun } from './surroundings.ts';

export interface AdministrationAccess {
  readonly administration: Administration;
  /** False when the database was opened because no server runs. */
  readonly serverRuns: boolean;
}

export type AdministrationAct<T> = (access: AdministrationAccess) => Promise<Outcome<T>>;

/**
 * Does something with the administration of the running server or, when none runs, with that of the database, which
 * is then opened under the server's own lock. `creates` says that a database may be made where there is none yet.
 */
export async function withAdministration<T>(run: CommandRun, act: AdministrationAct<T>, creates = false): Promise<Outcome<T>> {
  const located = locateConfiguration(run);
  if (located.kind === 'failed') return located;
  try {
    const connected = await connectAdministration(located.value.administrationSocket);
    if (connected !== undefined) return await act({ administration: connected, serverRuns: true });
    return await withDatabase(located.value, act, creates);
  } catch (error) {
    if (error instanceof AdministrationUnreachable) return failed(exitCodes.fault, error.message);
    throw error;
  }
}

async function withDatabase<T>(located: LocatedConfiguration, act: AdministrationAct<T>, creates: boolean): Promise<Outcome<T>> {
  const file = databaseFile(located.configuration.storage);
  if (file !== undefined && !creates && !existsSync(file)) {
    return failed(
      exitCodes.fault,
      `No server runs here, and there is no database ${file} (start one: npx opencpm start, or name its file with --config).`,
    );
  }
  const { openAdministration } = await import('../offline-administration.ts');
  const opened = await openAdministration(located.configuration).then(
    (administration) => ({ kind: 'opened', administration }) as const,
    (error: unknown) => failed(exitCodes.fault, faultText(error, located)),
  );
  if (opened.kind === 'failed') return opened;
  try {
    return await act({ administration: opened.administration, serverRuns: false });
  } finally {
    await opened.administration.close();
  }
}
