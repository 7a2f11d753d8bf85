import { hostname } from 'node:os';
import type { JobPreviewInput, JobPreviewQuery } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withProject, withSdk, withServer } from '../command.js';
import { type ActionFlags, actionOf, placeHere, withAction } from '../definition/action-flags.js';
import { readObject } from '../definition/document.js';
import { type PolicyFlags, policyOf, withPolicy } from '../definition/policy-flags.js';
import { type ScheduleFlags, scheduleOf, withSchedule } from '../definition/schedule-flags.js';
import { CliFailure, EXIT, faultLines } from '../failure.js';
import { writeObject, writeRows } from '../output/format.js';
import { FIRE_COLUMNS, fireRow } from '../rows/due.js';
import { writeChanges } from './job-diff.js';

interface Flags extends ServerOptions, ActionFlags, ScheduleFlags, PolicyFlags {
  readonly client?: string;
  readonly file?: string;
}

type Preview = JobPreviewQuery['jobPreview'];

function inputOf(job: string | undefined, flags: Flags): JobPreviewInput {
  const clientId = flags.client ?? (job === undefined && flags.file === undefined ? hostname() : undefined);
  const action = actionOf(flags, placeHere());
  return {
    id: job,
    clientId,
    project: flags.project,
    schedule: scheduleOf(flags),
    ...policyOf(flags),
    ...(action ? { actions: [action] } : {}),
    ...(flags.file === undefined ? {} : { document: readObject(flags.file, 'a job document') }),
  };
}

function showPreview(context: CommandContext, flags: Flags, preview: Preview): void {
  const { terminal } = context;
  for (const warning of preview.warnings) terminal.err(`Warning: ${warning}\n`);
  if (flags.output !== 'table') {
    writeObject(terminal, flags, { status: preview.status, warnings: preview.warnings }, preview);
    return;
  }
  if (preview.changes.length > 0) terminal.err('Changes:\n');
  if (preview.changes.length > 0) writeChanges(context, flags, preview.changes);
  terminal.err('Due next:\n');
  writeRows(terminal, flags, preview.after.map(fireRow), FIRE_COLUMNS);
}

/** `orrery job preview` */
export function registerJobPreview(parent: Command, context: CommandContext): void {
  const command = parent
    .command('preview')
    .argument('[job]', 'key or id of the job to change (default: a new one)')
    .description('show what a new job or a change would come to; nothing is written');
  withPolicy(withSchedule(withAction(withProject(withServer(command)))))
    .option('-c, --client <client>', 'the client that runs it')
    .option('--file <path>', 'a Freezer job document, JSON or YAML; - reads standard input')
    .action(async (job: string | undefined, flags: Flags) => {
      const input = inputOf(job, flags);
      const { jobPreview } = await withSdk(flags, context, (sdk) => sdk.jobPreview({ input }));
      showPreview(context, flags, jobPreview);
      const faults = faultLines(jobPreview.errors);
      if (faults.length > 0) throw new CliFailure(`It would be refused:\n  ${faults.join('\n  ')}`, EXIT.REFUSED);
    });
  withExamples(command, [
    'job preview --backup ~/docs --cron "25 3 * * mon-fri" --timezone Europe/Berlin',
    'job preview docs --every 12h',
    'job preview --file job.json',
  ]);
}
