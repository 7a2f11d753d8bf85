import { type Command, Option } from 'commander';
import { CliFailure, EXIT } from '../failure.js';
import { readObject } from './document.js';

/** Which deployment, as the command line says it. */
export interface DeploymentFlags {
  readonly file?: string;
  readonly externalId?: string;
  readonly cluster?: string;
}

/** Adds how a reporter's command gets its input, and how that names its deployment. */
export function withDeployment(command: Command, mutation: string): Command {
  return command
    .argument('[deployment]', 'number or id; or --external-id')
    .addOption(
      new Option('--file <path>', `the input of the mutation ${mutation}, JSON or YAML; - reads standard input`),
    )
    .option('--external-id <text>', 'the deployment, by what its reporter calls it')
    .option('--cluster <cluster>', 'the cluster of the external id, where several have that deployment');
}

type Given = Readonly<Record<string, unknown>>;

/** What is said, without what is not. */
export function saidOf(fields: Given): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/**
 * The input that a file holds, with what the command line says put over it. The API checks it, and names each fault.
 * Throws CliFailure for a file that holds no object.
 */
export function inputOf(file: string | undefined, fields: Given): Record<string, unknown> {
  const document = file === undefined ? {} : readObject(file, "the mutation's input");
  return { ...document, ...saidOf(fields) };
}

/** The same, for a deployment that is there. Throws CliFailure when nobody says which. */
export function inputFor(
  deployment: string | undefined,
  { file, externalId, cluster }: DeploymentFlags,
  fields: Given,
): Record<string, unknown> {
  const input = inputOf(file, { transactionId: deployment, externalId, cluster, ...fields });
  if ((input.transactionId ?? input.externalId) !== undefined) return input;
  throw new CliFailure('Say which deployment: its number, or --external-id.', EXIT.USAGE);
}
