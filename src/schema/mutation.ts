import { errorTypeMap } from '@pothos/plugin-errors';
import { GraphQLError, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql';
import type { ActivityEntry } from '../auth/activity.js';
import { isProjectName } from '../auth/grant.js';
import { clip } from '../lib/clip.js';
import { ExpectedError } from '../lib/errors.js';
import type { SchemaContext } from './context.js';
import { MUTATION_ERRORS } from './errors.js';

/** In what a mutation differs from most. */
interface Traits {
  /**
   * Its texts come from programs that a NUL may come out of: it takes one, and puts something that every store keeps in
   * its place. Of all others NUL is refused.
   */
  takesNul?: true;
  /** It is a report, of which there are too many to keep each: neither what was done nor what was refused is recorded. */
  unrecorded?: true;
}

/** What only programs say, again and again, of what they do. */
export const REPORT: Traits = { takesNul: true, unrecorded: true };

/**
 * What every mutation has in common: its right (its own name in the policy table) and its answer, the union
 * `<Name>Result` of its payload and the named errors, because what the caller did wrong is data.
 *
 *     builder.mutationField('jobStop', (t) => t.field({
 *       ...mutationOptions('jobStop', 'Stops a job.'), type: JobStopPayload,
 *       args: { input: t.arg({ type: JobStopInput, required: true, description: INPUT }) },
 *       resolve: (_root, { input }, context) => ...,
 *     }));
 */
export function mutationOptions(name: string, description: string, traits: Traits = {}) {
  const capital = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return {
    description,
    authScopes: { may: name },
    errors: {
      types: MUTATION_ERRORS,
      directResult: true as const,
      union: { name: `${capital}Result`, description: `What \`${name}\` answers: its payload, or a named error.` },
    },
    extensions: { ...traits },
  };
}

/** The description of each mutation's one argument. */
export const INPUT = 'What to do, and to what.';

/** Whether this is an expected failure, thrown or (behind a proxy that hides its class) answered. */
const isExpected = (value: unknown): value is ExpectedError =>
  value instanceof ExpectedError || (typeof value === 'object' && value !== null && errorTypeMap.has(value));

/** The code of a failure that the caller caused; null for any other, and where no store could record it. */
function codeOf(failure: unknown): string | null {
  if (isExpected(failure)) return failure.code === 'UNAVAILABLE' ? null : failure.code;
  return failure instanceof GraphQLError && failure.extensions.code === 'FORBIDDEN' ? 'FORBIDDEN' : null;
}

type Args = Readonly<{ input?: Readonly<Record<string, unknown>> }>;
type Resolver = GraphQLFieldResolver<unknown, SchemaContext, Args>;

const LONGEST_SUBJECT = 64;

/** What the activity keeps of a command that was refused: what it named, and where its fault lies. */
function refusedEntry(
  action: string,
  outcome: string,
  failure: unknown,
  { input = {} }: Args,
  { actor }: SchemaContext,
) {
  const named = [input.id, input.runId, input.transactionId].find((value) => typeof value === 'string');
  const { project } = input;
  const entry: ActivityEntry = {
    action,
    subject: typeof named === 'string' ? clip(named, LONGEST_SUBJECT) : null,
    project: actor.project ?? (typeof project === 'string' && isProjectName(project) ? project : null),
    outcome,
  };
  // Not the message: it may hold what was given, which may be a secret.
  const path = isExpected(failure) ? failure.inputPath : [];
  return path.length > 0 ? { ...entry, detail: { path: path.map(String) } } : entry;
}

/** A mutation's resolver that records what was refused, before it is answered. */
function recording(action: string, resolve: Resolver): Resolver {
  return async (root, args, context, info) => {
    const record = async (failure: unknown): Promise<void> => {
      const code = codeOf(failure);
      if (code !== null) await context.services.refused(context, refusedEntry(action, code, failure, args, context));
    };
    let answer: unknown;
    try {
      answer = await resolve(root, args, context, info);
    } catch (error) {
      await record(error);
      throw error;
    }
    await record(answer);
    return answer;
  };
}

/** Makes every mutation, but for reports, leave a row in the activity when it is refused. */
export function recordRefusals(schema: GraphQLSchema): void {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const { resolve } = field;
    if (resolve && field.extensions.unrecorded !== true) field.resolve = recording(field.name, resolve);
  }
}
