import { migrateDown, migrateUp, migrationState } from '../db/migrate.js';
import { type Flags, readConfiguration } from './configuration.js';
import { openDataDirectory } from './data-directory.js';
import { openConfiguredDatabase } from './stores.js';

/** What `orrery migrate` is asked to do. */
export interface MigrateOptions {
  /** Show where the database stands, and change nothing. */
  status: boolean;
  /** Take back so many of the newest migrations, with their data. */
  down: number;
}

/** Brings the configured database to this program's schema; lines for people go to `say`. */
export async function migrate(flags: Flags, options: MigrateOptions, say: (line: string) => void): Promise<void> {
  const config = await readConfiguration(flags);
  const directory = config.stores.embedded && !options.status ? openDataDirectory(config.server.dataDir) : null;
  const db = await openConfiguredDatabase(config);
  try {
    if (options.down > 0) await migrateDown(db, options.down);
    else if (!options.status) {
      const applied = await migrateUp(db);
      for (const name of applied) say(`applied ${name}`);
    }
    const state = await migrationState(db);
    say(`${state.applied.length} applied, ${state.pending.length} pending`);
    for (const name of state.pending) say(`pending ${name}`);
    for (const name of state.unknown) say(`unknown to this version ${name}`);
  } finally {
    await db.close();
    directory?.release();
  }
}
