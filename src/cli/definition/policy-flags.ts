import type { CatchupPolicy, OverlapPolicy } from '@orrery/sdk';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { seconds } from '../instant-option.js';

/** How a job behaves, as the command line says it. */
export interface PolicyFlags {
  readonly description?: string;
  readonly overlap?: OverlapPolicy;
  readonly catchup?: CatchupPolicy;
  readonly catchupWindow?: number;
  readonly staleAfter?: number;
}

const OVERLAPS: readonly OverlapPolicy[] = ['SKIP', 'BUFFER_ONE', 'CANCEL_OTHER', 'ALLOW_ALL'];
const CATCHUPS: readonly CatchupPolicy[] = ['LATEST', 'ALL', 'NONE'];

/** An option that takes one of some values, written as people write them: `buffer-one`. */
export function oneOf<T extends string>(flags: string, description: string, values: readonly T[]): Option {
  const shown = (value: string): string => value.toLowerCase().replaceAll('_', '-');
  return new Option(flags, description).choices(values.map(shown)).argParser((text) => {
    const value = values.find((known) => shown(known) === text);
    if (value) return value;
    throw new InvalidArgumentError(`It is one of ${values.map(shown).join(', ')}.`);
  });
}

/** Adds the options that say how a job behaves. */
export function withPolicy(command: Command): Command {
  return command
    .option('--description <text>', 'what it is for')
    .addOption(oneOf('--overlap <policy>', 'what happens when it is due while a run of it is open', OVERLAPS))
    .addOption(oneOf('--catchup <policy>', 'what happens to due times that passed while no server ran', CATCHUPS))
    .option('--catchup-window <length>', 'how late a run may begin: 30m, 2h', seconds)
    .option('--stale-after <length>', 'how old its last success may be: 2d', seconds);
}

/** The behaviour that the flags say. */
export function policyOf({ description, overlap, catchup, catchupWindow, staleAfter }: PolicyFlags): PolicyFlags {
  return {
    ...(description === undefined ? {} : { description }),
    ...(overlap === undefined ? {} : { overlap }),
    ...(catchup === undefined ? {} : { catchup }),
    ...(catchupWindow === undefined ? {} : { catchupWindow }),
    ...(staleAfter === undefined ? {} : { staleAfter }),
  };
}
