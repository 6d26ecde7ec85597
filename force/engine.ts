import { type PostgresFixture, startPostgres } from '../packages/storage/src/testing/postgres-fixture.ts';

export const engines = ['sqlite', 'postgres'] as const;
export type Engine = (typeof engines)[number];

/** A database for one server, empty at first. */
export interface Storage {
  /** As the configuration file names it. */
  readonly url: string;
  /** Ends what was started for it. */
  stop(): Promise<void>;
}

/** SQLite is a file beside the server's configuration; PostgreSQL is a server of its own, which no kill meets. */
export async function openStorage(engine: Engine): Promise<Storage> {
  if (engine === 'sqlite') return { url: 'sqlite:./data/opencpm.db', stop: async () => undefined };
  const fixture: PostgresFixture = await startPostgres();
  try {
    await fixture.createDatabase('force');
    return { url: fixture.url('force'), stop: () => fixture.stop() };
  } catch (error) {
    await fixture.stop();
    throw error;
  }
}
