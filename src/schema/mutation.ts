import { MUTATION_ERRORS } from './errors.js';

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
export function mutationOptions(name: string, description: string) {
  const capital = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return {
    description,
    authScopes: { may: name },
    errors: {
      types: MUTATION_ERRORS,
      directResult: true as const,
      union: { name: `${capital}Result`, description: `What \`${name}\` answers: its payload, or a named error.` },
    },
  };
}

/** The description of each mutation's one argument. */
export const INPUT = 'What to do, and to what.';
