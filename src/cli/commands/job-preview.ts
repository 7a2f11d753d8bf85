import { hostname } from 'node:os';
import type { JobPreviewInput, JobPreviewQuery, OrrerySdk } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withProject, withSdk, withServer } from '../command.js';
import {
  type ActionChangeFlags,
  changedActions,
  changesActions,
  withActionChange,
} from '../definition/action-change.js';
import { type ActionFlags, actionOf, placeHere, withAction } from '../definition/action-flags.js';
import { defaultClient } from '../definition/client.js';
import { namesClient, readObject } from '../definition/document.js';
import { type PolicyFlags, policyOf, withPolicy } from '../definition/policy-flags.js';
import { type ScheduleFlags, scheduleOf, withSchedule } from '../definition/schedule-flags.js';
import { CliFailure, EXIT, faultLines } from '../failure.js';
import { writeObject, writeRows } from '../output/format.js';
import { FIRE_COLUMNS, fireRow } from '../rows/due.js';
import { writeChanges } from './job-diff.js';
import { findJob } from './job-show.js';

interface Flags extends ServerOptions, ActionFlags, ActionChangeFlags, ScheduleFlags, PolicyFlags {
  readonly client?: string;
  readonly file?: string;
}

type Preview = JobPreviewQuery['jobPreview'];

/** What the flags come to before a server is asked. Throws CliFailure. */
function givenBy(job: string | undefined, flags: Flags) {
  if (job !== undefined && flags.file !== undefined) {
    throw new CliFailure('Name a job to change, or a file that makes a new one, not both.', EXIT.USAGE);
  }
  const action = actionOf(flags, placeHere(), job === undefined ? 'NEW' : 'CHANGE');
  const changesOwn = changesActions(flags, action !== null);
  if (job === undefined && changesOwn) {
    throw new CliFailure('--set and --unset change the actions of a job: name which.', EXIT.USAGE);
  }
  const document = flags.file === undefined ? undefined : readObject(flags.file, 'a job document');
  return { action, changesOwn, document, schedule: scheduleOf(flags) };
}

type Given = ReturnType<typeof givenBy>;

/** The client of a new job, by the rule of `job create` and `job import`. */
async function clientOf(sdk: OrrerySdk, flags: Flags, { document }: Given): Promise<string | undefined> {
  if (document && namesClient(document)) return undefined;
  return defaultClient(sdk, hostname(), flags.project);
}

async function inputOf(sdk: OrrerySdk, id: string | undefined, flags: Flags, given: Given): Promise<JobPreviewInput> {
  const { action, changesOwn, document, schedule } = given;
  const own = id !== undefined && changesOwn ? await findJob(sdk, id, flags.project) : null;
  const actions = own ? changedActions(own, flags) : action && [action];
  return {
    id,
    clientId: flags.client ?? (id === undefined ? await clientOf(sdk, flags, given) : undefined),
    project: flags.project,
    schedule,
    ...policyOf(flags),
    ...(actions ? { actions } : {}),
    ...(document ? { document } : {}),
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
  withPolicy(withSchedule(withActionChange(withAction(withProject(withServer(command))))))
    .option('-c, --client <client>', 'the client that runs it')
    .option(
      '--file <path>',
      'a Freezer job document, to be imported as a new job: JSON or YAML; - reads standard input',
    )
    .action(async (job: string | undefined, flags: Flags) => {
      const given = givenBy(job, flags);
      const { jobPreview } = await withSdk(flags, context, async (sdk) =>
        sdk.jobPreview({ input: await inputOf(sdk, job, flags, given) }),
      );
      showPreview(context, flags, jobPreview);
      const faults = faultLines(jobPreview.errors);
      if (faults.length > 0) throw new CliFailure(`It would be refused:\n  ${faults.join('\n  ')}`, EXIT.REFUSED);
    });
  withExamples(command, [
    'job preview --backup ~/docs --cron "25 3 * * mon-fri" --timezone Europe/Berlin',
    'job preview docs --every 12h --set max_level=7',
    'job preview --file job.json',
  ]);
}
