import type { TaskStatus } from '@orrery/sdk';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { textsOrEmpty } from '../command.js';

/** Which tasks, as the command line says it. */
export interface TaskFlags {
  readonly nodes?: readonly string[];
  readonly nodeId?: readonly string[];
  readonly node?: readonly string[];
  readonly statuses?: readonly TaskStatus[];
  readonly status?: readonly TaskStatus[];
  readonly taskName?: readonly string[];
  readonly search?: string;
}

const STATUSES: readonly TaskStatus[] = ['PENDING', 'RUNNING', 'READY', 'ERROR', 'SKIPPED', 'LOST', 'STOPPED'];

/** Values with commas, blanks or both between them: `5,6` and `5 6`. */
export function together(text: string, all: readonly string[] = []): string[] {
  return [...all, ...textsOrEmpty(text)];
}

function statuses(text: string, all: readonly TaskStatus[] = []): TaskStatus[] {
  const found = together(text).map((part) => {
    const status = STATUSES.find((known) => known === part.toUpperCase());
    if (status) return status;
    throw new InvalidArgumentError(`"${part}" is none of ${STATUSES.join(', ').toLowerCase()}.`);
  });
  return [...all, ...found];
}

const CHOICES = STATUSES.map((status) => status.toLowerCase());

/** Adds the options that narrow a list of tasks; those of Fuel's two clients are among them, by their names. */
export function withTaskFilter(command: Command): Command {
  const several = 'one or several, with blanks or commas';
  const named = (flags: string, text: string): Option => new Option(flags, text).argParser(together);
  const ofStatus = (flags: string, text: string): Option =>
    new Option(flags, text).choices(CHOICES).argParser(statuses);
  return command
    .addOption(named('--nodes <nodes...>', `on these nodes: ${several}; "" stands for points of synchronisation`))
    .addOption(named('--node-id <nodes...>', 'the same as --nodes'))
    .addOption(named('--node <nodes...>', 'the same as --nodes'))
    .addOption(ofStatus('--statuses <statuses...>', `in these statuses: ${several}`))
    .addOption(ofStatus('-s, --status <statuses...>', 'the same as --statuses'))
    .addOption(named('--task-name <names...>', `of these names: ${several}`));
}

/** One list of all that say the same; undefined when none says anything. */
function union<T extends string>(...lists: readonly (readonly T[] | undefined)[]): T[] | undefined {
  const all = lists.flatMap((list) => list ?? []);
  return lists.every((list) => list === undefined) ? undefined : [...new Set(all)];
}

/** The nodes, statuses and names that the flags narrow to. */
export function taskFilterOf(flags: TaskFlags) {
  const nodes = union(flags.nodes, flags.nodeId, flags.node);
  return { nodes, statuses: union(flags.statuses, flags.status), taskNames: union(flags.taskName) };
}
