import type { ClientLineFragment, OrrerySdk } from '@orrery/sdk';
import { CliFailure, EXIT } from '../failure.js';

/** Clients that an error names. */
const MOST_NAMED = 10;

function unclear(why: string, clients: readonly ClientLineFragment[], more: boolean): CliFailure {
  const keys = clients.slice(0, MOST_NAMED).map(({ key }) => key);
  const rest = more || clients.length > MOST_NAMED ? ', ... (see "orrery client list")' : '';
  return new CliFailure(`${why}: say which it is for, with --client ${keys.join(' | ')}${rest}.`, EXIT.USAGE);
}

/**
 * The client that a new job is for when nobody says: the one called as this host, else the one whose agent says that it
 * is on this host, else the only one there is. Throws CliFailure when it is not clear.
 */
export async function defaultClient(sdk: OrrerySdk, host: string, project: string | undefined): Promise<string> {
  const mine = ({ project: own }: ClientLineFragment): boolean => project === undefined || own === project;
  const read = async (filter: { keys?: string[]; hostnames?: string[] }) => {
    const { clients } = await sdk.clients({ filter, first: 500 });
    return { some: clients.nodes.filter(mine), more: clients.pageInfo.hasNextPage };
  };
  if ((await read({ keys: [host] })).some.length > 0) return host;
  const here = await read({ hostnames: [host] });
  const [own, another] = here.some;
  if (another) throw unclear(`Several clients are on this host (${host})`, here.some, here.more);
  if (own) return own.key;
  const all = await read({});
  const [only] = all.some;
  if (!only && !all.more) return host;
  if (only && all.some.length === 1 && !all.more) return only.key;
  throw unclear(`No client is on this host (${host})`, all.some, all.more);
}
