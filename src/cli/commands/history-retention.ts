import type { DeletedCountsFragment } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { instant } from '../output/cell.js';
import { writeObject } from '../output/format.js';

const DAY = 86_400;

/** An age in seconds for people. */
function ageText(age: number | null): string {
  if (age === null) return 'for ever';
  return age % DAY === 0 ? `${age / DAY} days` : `${age} s`;
}

/** What was deleted, of each kind: `tasks 500, events 1200`. */
function deletedText(counts: DeletedCountsFragment): string {
  const { transactions, tasks, summaries, events, reports } = counts;
  const some = Object.entries({ transactions, tasks, summaries, events, reports }).filter(([, count]) => count > 0);
  return some.map(([name, count]) => `${name} ${count}`).join(', ') || 'nothing';
}

/** `orrery history retention` */
export function registerHistoryRetention(parent: Command, context: CommandContext): void {
  const command = parent
    .command('retention')
    .description('show how long the history is kept, and what was deleted because of its age');
  withServer(command).action(async (flags: ServerOptions) => {
    const { serverInfo } = await withSdk(flags, context, (sdk) => sdk.historyRetention());
    const { historyRetention: kept } = serverInfo;
    const fields = {
      tasks: ageText(kept.rowsAge),
      summaries: ageText(kept.summariesAge),
      events: ageText(kept.eventsAge),
      lastRun: instant(kept.lastRun),
      nextRun: instant(kept.nextRun),
      lastDeleted: deletedText(kept.lastDeleted),
      totalDeleted: deletedText(kept.totalDeleted),
    };
    writeObject(context.terminal, flags, fields, kept);
  });
  withExamples(command, ['history retention', 'history retention -o json']);
}
