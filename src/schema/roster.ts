import type { Roster } from '../scheduler/directory/roster.js';
import type { SchemaContext } from './context.js';
import { requestLoader } from './loader.js';

const rosterLoader = requestLoader<string, Roster>(async (keys, context) => {
  const roster = await context.services.directory.roster();
  return keys.map(() => roster);
});

/** Who is alive at this moment, asked once for all that ask together. */
export const rosterNow = (context: SchemaContext): Promise<Roster> => rosterLoader(context).load('now');
