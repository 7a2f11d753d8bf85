import type { ChangeLineFragment, DueLineFragment, FireLineFragment, RevisionLineFragment } from '@orrery/sdk';
import { instant, type Row } from '../output/cell.js';

/** What a list of due times shows. */
export const DUE_COLUMNS = ['at', 'until', 'count', 'job', 'outcome', 'run', 'message'];

/** A due time as a row. */
export function dueRow(due: DueLineFragment): Row {
  return {
    at: instant(due.at),
    until: instant(due.until),
    count: due.count,
    job: due.job?.key,
    outcome: due.outcome,
    run: due.run?.number,
    result: due.run?.result,
    reason: due.reason,
    message: due.message,
    firedAt: instant(due.firedAt),
    startedAt: instant(due.startedAt),
    latenessMs: due.lateness,
  };
}

/** What a list of coming due times shows. */
export const FIRE_COLUMNS = ['at', 'local', 'effect'];

/** A coming due time as a row. */
export function fireRow(fire: FireLineFragment): Row {
  return { at: instant(fire.at), local: fire.local, effect: fire.effect };
}

function valueText(value: unknown): string {
  return value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
}

/** One difference between two definitions, in one line: `schedule.every: 1 days -> 12 hours`. */
export function changeText({ path, kind, before, after }: ChangeLineFragment): string {
  const name = path.join('.');
  if (kind === 'ADDED') return `+ ${name}: ${valueText(after)}`;
  if (kind === 'REMOVED') return `- ${name}: ${valueText(before)}`;
  return `~ ${name}: ${valueText(before)} -> ${valueText(after)}`;
}

/** What a list of revisions shows. */
export const REVISION_COLUMNS = ['revision', 'at', 'actor', 'reason', 'changes'];

/** A state of a definition as a row. */
export function revisionRow(revision: RevisionLineFragment): Row {
  return {
    revision: revision.revision,
    at: instant(revision.at),
    actor: revision.actor,
    reason: revision.reason,
    changes: revision.changes.map(changeText),
  };
}
