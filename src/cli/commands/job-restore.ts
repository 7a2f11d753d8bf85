import { resolve } from 'node:path';
import { type JobDetailFragment, type OrrerySdk, payloadOf, type RunFilter } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, withExamples, withProject, withSdk, withServer } from '../command.js';
import { requireText } from '../definition/action-flags.js';
import { restoreAction } from '../definition/restore.js';
import { CliFailure, EXIT } from '../failure.js';
import { followRun, type OutputFlags } from '../follow-run.js';
import { past } from '../instant-option.js';
import { writeObject } from '../output/format.js';
import { withReason } from './job-control.js';
import { createNamed } from './job-create.js';
import { withFollow } from './job-run.js';
import { findJob } from './job-show.js';

interface Flags extends OutputFlags {
  readonly to: string;
  readonly date?: string;
  readonly name?: string;
  readonly overwrite?: boolean;
  readonly follow?: boolean;
  readonly reason?: string;
}

/** A restore of nothing would fail on the client, with a job made for it. Throws CliFailure. */
async function requireBackup(sdk: OrrerySdk, { id, key }: JobDetailFragment, date: string | undefined): Promise<void> {
  const filter: RunFilter = { jobIds: [id], results: ['SUCCESS'], startedBefore: date };
  const { runs } = await sdk.runs({ filter, first: 1 });
  if (runs.nodes.length > 0) return;
  const when = date === undefined ? 'yet' : `of ${date} or before`;
  const ways = `See its runs: orrery run list --job ${key}   Make one: orrery job run ${key} --follow`;
  const elsewhere = 'What was backed up elsewhere: orrery job create --restore NAME --from DIR --to DIR';
  throw new CliFailure(`The job ${key} has no successful backup ${when}. ${ways}   ${elsewhere}`, EXIT.REFUSED);
}

/** `orrery job restore` */
export function registerJobRestore(parent: Command, context: CommandContext): void {
  const command = parent
    .command('restore')
    .argument('<job>', 'key or id of the job that makes the backups')
    .description("restore a job's last backup on its client: makes a job for it and runs that once");
  withFollow(withReason(withProject(withServer(command))))
    .requiredOption('--to <dir>', 'where the files go, on the client')
    .option('--date <date>', 'the last backup of this time or before: 2026-11-21T08:00, 2d (ago)', past)
    .option('--name <name>', 'which backup, where the job makes several')
    .option('--overwrite', 'make the directory equal to the backup, whatever is in it')
    .action(async (id: string, flags: Flags) => {
      requireText('--to', flags.to);
      await withSdk(flags, context, async (sdk) => {
        const job = await findJob(sdk, id, flags.project);
        const freezerAction = restoreAction(job, {
          ...flags,
          to: flags.to.startsWith('~') ? flags.to : resolve(flags.to),
        });
        await requireBackup(sdk, job, flags.date);
        const definition = {
          clientId: job.clientKey,
          project: job.project,
          description: `restores what ${job.key} backs up`,
          actions: [{ freezerAction }],
          start: false,
          reason: flags.reason,
        };
        const made = await createNamed(sdk, definition, `restore-${job.key}`);
        const payload = payloadOf((await sdk.jobRunNow({ input: { id: made.job.id } })).jobRunNow);
        if (!payload.run) throw new CliFailure(`The job ${made.job.key} made no run.`, EXIT.REFUSED);
        if (flags.follow) await followRun(sdk, context, flags, payload.run);
        else {
          const { number, state, clientKey: client, clientState } = payload.run;
          writeObject(context.terminal, flags, { job: made.job.key, run: number, state, client, clientState }, payload);
        }
      });
    });
  withExamples(command, [
    'job restore docs --to /tmp/docs --follow',
    'job restore docs --to /tmp/docs --date 2026-11-20',
  ]);
}
