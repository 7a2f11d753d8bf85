import type { JobActionInput, JobDetailFragment } from '@orrery/sdk';
import { type Command, InvalidArgumentError } from 'commander';
import { filled } from '../command.js';
import { CliFailure, EXIT } from '../failure.js';
import type { ActionFlags } from './action-flags.js';

/** A parameter of an action, and its value. */
export type Assignment = readonly [name: string, value: unknown];

/** What is to change in the actions that a job has. */
export interface ActionChangeFlags extends Pick<ActionFlags, 'retries' | 'timeout'> {
  readonly set?: readonly Assignment[];
  readonly unset?: readonly string[];
}

/** `max_level=7` as a name and its value: JSON where it is JSON, else a text. */
export function assignment(text: string): Assignment {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It is a name and a value: max_level=7.');
  const value = text.slice(at + 1);
  try {
    return [text.slice(0, at), JSON.parse(value)];
  } catch {
    return [text.slice(0, at), value];
  }
}

/** Adds the options that change the actions a job has. */
export function withActionChange(command: Command): Command {
  return command
    .option(
      '--set <name=value>',
      'set a parameter of every action there is; can be repeated',
      (text, all: Assignment[] = []) => [...all, assignment(text)],
    )
    .option(
      '--unset <name>',
      'take a parameter out of every action there is; can be repeated',
      (text, all: string[] = []) => [...all, filled(text)],
    );
}

/**
 * Whether the flags change the actions that the job has; `isNew`: they say a new action. Throws CliFailure where they
 * do both.
 */
export function changesActions(flags: ActionChangeFlags, isNew: boolean): boolean {
  const { set = [], unset = [], retries, timeout } = flags;
  if (!isNew) return set.length + unset.length > 0 || retries !== undefined || timeout !== undefined;
  if (set.length + unset.length === 0) return false;
  throw new CliFailure('--set and --unset change the actions there are: they do not go with a new one.', EXIT.USAGE);
}

/** The actions of a job, changed. Throws CliFailure when it has none. */
export function changedActions(
  { key, actions }: Pick<JobDetailFragment, 'key' | 'actions'>,
  { set = [], unset = [], retries, timeout }: ActionChangeFlags,
): JobActionInput[] {
  if (actions.length === 0) throw new CliFailure(`The job ${key} has no action to change.`, EXIT.REFUSED);
  return actions.map((action) => {
    const kept = Object.entries(action.freezerAction).filter(([name]) => !unset.includes(name));
    return {
      freezerAction: { ...Object.fromEntries(kept), ...Object.fromEntries(set) },
      mandatory: action.mandatory,
      maxRetries: retries ?? action.maxRetries,
      maxRetriesInterval: action.maxRetriesInterval,
      timeout: timeout ?? action.timeout,
    };
  });
}
