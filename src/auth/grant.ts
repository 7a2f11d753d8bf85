import { InvalidInputError } from '../lib/errors.js';
import { isName, nameForm } from '../lib/names.js';
import { type Actor, ROLES, type Role } from './actor.js';

/** What a credential gives: a role, and what it reaches. */
export interface Grant {
  role: Role;
  /** The one project; null = every project. */
  project: string | null;
  /** The one client of an agent (its `key`). */
  clientKey: string | null;
}

/** The roles that see every project, always. */
const EVERYWHERE: ReadonlySet<Role> = new Set(['ADMIN', 'OPERATOR']);

/** Which roles a caller may give to others: never more than its own. */
const GRANTABLE: Record<Role, readonly Role[]> = {
  ADMIN: ROLES,
  OPERATOR: ['MEMBER', 'READER', 'AGENT'],
  MEMBER: ['MEMBER', 'READER', 'AGENT'],
  READER: [],
  AGENT: [],
};

/** The longest name of a project, in characters. */
const LONGEST_PROJECT = 64;
/** The form of a client's key. */
const CLIENT_KEY = /^[\w.-]{1,255}$/;

/** What the name of a project has to be. */
export const PROJECT_FORM = `A project's name has ${nameForm(LONGEST_PROJECT)}.`;
const CLIENT_FORM = 'The key of a client has 1 to 255 letters, digits, "_", "." or "-".';

/**
 * Whether a text can be the name of a project. What keeps projects apart compares names in the database and here: both
 * have to find the same ones equal.
 */
export const isProjectName = (text: string): boolean => isName(text, LONGEST_PROJECT);

/** Whether a text names a role. */
export const isRole = (text: string): text is Role => (ROLES as readonly string[]).includes(text);

/**
 * What is wrong with a grant, as a message and the field at fault; null when it is whole. A member and an agent belong
 * to one project, an agent also to one client; admin and operator belong to none. Names have their form.
 */
export function grantFault(grant: Grant): { field: 'project' | 'clientKey'; message: string } | null {
  const { role, project, clientKey } = grant;
  if (EVERYWHERE.has(role) && project !== null) {
    return { field: 'project', message: `The role ${role} reaches every project: leave the project out.` };
  }
  if ((role === 'MEMBER' || role === 'AGENT') && project === null) {
    return { field: 'project', message: `The role ${role} needs a project.` };
  }
  if (role === 'AGENT' && clientKey === null) {
    return { field: 'clientKey', message: 'The role AGENT needs the key of its client.' };
  }
  if (role !== 'AGENT' && clientKey !== null) {
    return { field: 'clientKey', message: 'Only the role AGENT belongs to a client.' };
  }
  if (project !== null && !isProjectName(project)) return { field: 'project', message: PROJECT_FORM };
  if (clientKey !== null && !CLIENT_KEY.test(clientKey)) return { field: 'clientKey', message: CLIENT_FORM };
  return null;
}

/** Throws InvalidInputError when a caller would give what it does not have itself, or the grant is not whole. */
export function checkGrantable(giver: Actor, grant: Grant): void {
  if (!GRANTABLE[giver.role].includes(grant.role)) {
    const may = GRANTABLE[giver.role].join(', ') || 'no role';
    const message = `The role ${giver.role} may give ${may}, not ${grant.role}.`;
    throw new InvalidInputError([{ path: ['role'], message }]);
  }
  const fault = grantFault(grant);
  if (fault) throw new InvalidInputError([{ path: [fault.field], message: fault.message }]);
  if (giver.project !== null && grant.project !== giver.project) {
    const message = `A token made by one of project "${giver.project}" belongs to that project.`;
    throw new InvalidInputError([{ path: ['project'], message }]);
  }
}

/** The canonical form of what a grant reaches: callers with the same one see the same. */
export const scopeOf = ({ role, project, clientKey }: Grant): string =>
  `${role}:${project === null ? '*' : JSON.stringify(project)}:${clientKey === null ? '*' : JSON.stringify(clientKey)}`;
