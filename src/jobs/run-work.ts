import { Brackets } from 'typeorm';
import { JobRunEntity, type JobRunRow } from '../entities/run.js';
import { type ClientPlace, clientsAt } from './client-list.js';
import { clientStateAt } from './client-presence.js';
import type { JobsDeps } from './deps.js';
import type { ClientStanding } from './why-not.js';

/**
 * What waits for a client's agent: runs to claim, and runs under way that it is asked to abort. Oldest first, at most
 * `limit`.
 */
export function openWork(
  deps: Pick<JobsDeps, 'db'>,
  client: { project: string; key: string },
  limit: number,
): Promise<JobRunRow[]> {
  const query = deps.db.manager.getRepository(JobRunEntity).createQueryBuilder('run');
  query.where('run.clientKey = :key AND run.project = :project', client);
  query.andWhere(
    new Brackets((some) =>
      some.where("run.state = 'WAITING'").orWhere("(run.state = 'RUNNING' AND run.abortRequestedAt IS NOT NULL)"),
    ),
  );
  return query.orderBy('run.id').limit(limit).getMany();
}

const placeName = ({ project, clientKey }: ClientPlace): string => `${project} ${clientKey}`;

/** The runs that the agents of the clients at these places hold, by `placeName`. */
async function heldRuns({ db }: Pick<JobsDeps, 'db'>, places: readonly ClientPlace[]): Promise<Map<string, number>> {
  const keys = [...new Set(places.map(({ clientKey }) => clientKey))];
  const projects = [...new Set(places.map(({ project }) => project))];
  const marks = (list: readonly string[]): string => list.map(() => '?').join(', ');
  const rows = await db.reader.rows<ClientPlace & { held: number }>(
    `SELECT project, client_key AS clientKey, COUNT(*) AS held FROM job_runs
      WHERE client_key IN (${marks(keys)}) AND project IN (${marks(projects)}) AND state = 'RUNNING'
      GROUP BY client_key, project`,
    [...keys, ...projects],
  );
  return new Map(rows.map((row) => [placeName(row), Number(row.held)]));
}

/** How many runs at once an agent said it takes. */
function mostRuns(capabilities: Record<string, unknown>): number | null {
  const { maxRuns } = capabilities;
  return typeof maxRuns === 'number' ? maxRuns : null;
}

/** Where the clients at these places stand, in their order. Three statements for all of them. */
export async function clientStandings(
  deps: Pick<JobsDeps, 'db'>,
  places: readonly ClientPlace[],
): Promise<ClientStanding[]> {
  const [clients, held, now] = await Promise.all([clientsAt(deps, places), heldRuns(deps, places), deps.db.now()]);
  return places.map((place, index) => {
    const client = clients[index] ?? null;
    return {
      state: clientStateAt(client?.lastSeenAt ?? null, now),
      held: held.get(placeName(place)) ?? 0,
      most: client && mostRuns(client.capabilities),
    };
  });
}
