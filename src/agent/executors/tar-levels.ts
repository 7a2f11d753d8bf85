import { DAY, SECOND } from '../../lib/time.js';
import type { StoredBackup } from './tar-store.js';

/** What an action says about levels. */
export interface LevelRules {
  /** Every backup is full and nothing for increments is kept, whatever the levels say. */
  readonly noIncremental: boolean;
  /** After this level a new full backup follows; null: no bound. */
  readonly maxLevel: number | null;
  /** From this level on every backup repeats it, based on the level below; null: off. */
  readonly alwaysLevel: number | null;
  /** With `alwaysLevel`: days after a full backup at which a new one follows; null: never. */
  readonly restartAfterDays: number | null;
}

/** Which backup comes next. */
export interface LevelPlan {
  readonly level: number;
  /** What it is based on; null: it is full. */
  readonly parent: StoredBackup | null;
  /** Why it is full although increments are wanted; null otherwise. */
  readonly restart: string | null;
}

const FULL: LevelPlan = { level: 0, parent: null, restart: null };

/** What two backups of one chain must have in common. */
export interface Lineage {
  readonly path: string;
  readonly kind: 'directory' | 'file';
}

/**
 * Decides the level of the next backup from those there are, oldest first. The rules are Freezer's
 * (freezer.storage.base.Storage.previous_backup); a restart counts from the full backup, as its manual says.
 * @param now epoch milliseconds
 */
export function planLevel(
  backups: readonly StoredBackup[],
  rules: LevelRules,
  lineage: Lineage,
  now: number,
): LevelPlan {
  if (rules.noIncremental || rules.maxLevel === 0 || rules.alwaysLevel === 0) return FULL;
  const latest = backups.at(-1);
  if (!latest) return FULL;
  const full = { level: 0, parent: null };
  if (latest.metadata.path !== lineage.path || latest.metadata.kind !== lineage.kind) {
    return { ...full, restart: `the last backup of this name was of ${latest.metadata.path}` };
  }
  const chain = backups.filter((backup) => backup.chain === latest.chain);
  const { level } = latest.metadata;
  if (rules.maxLevel !== null && rules.maxLevel <= level) return FULL;
  if (rules.alwaysLevel !== null && level > rules.alwaysLevel) return FULL;
  if (rules.alwaysLevel !== null && rules.restartAfterDays !== null) {
    if (now > Number(latest.chain) * SECOND + rules.restartAfterDays * DAY) return FULL;
  }
  const parent = level === rules.alwaysLevel ? chain.find((backup) => backup.name === latest.metadata.parent) : latest;
  if (!parent?.metadata.snapshot) return { ...full, restart: 'the last backup kept no data for increments' };
  return { level: parent.metadata.level + 1, parent, restart: null };
}

/** The newest backup, or the newest not younger than `before` (epoch milliseconds); null when there is none. */
export function selectBackup(backups: readonly StoredBackup[], before: number | null): StoredBackup | null {
  const eligible = backups.filter((backup) => before === null || backup.timestamp * SECOND <= before);
  return eligible.at(-1) ?? null;
}

/** The backups to apply in order, from the full one to `target`; null when one of them is missing. */
export function chainTo(backups: readonly StoredBackup[], target: StoredBackup): StoredBackup[] | null {
  const { parent } = target.metadata;
  if (parent === null) return [target];
  const base = backups.find(
    (backup) =>
      backup.chain === target.chain && backup.name === parent && backup.metadata.level < target.metadata.level,
  );
  const before = base ? chainTo(backups, base) : null;
  return before && [...before, target];
}

/** The chains of which every backup is at least as old as `before` (epoch milliseconds): no younger one needs them. */
export function expiredChains(backups: readonly StoredBackup[], before: number): string[] {
  const newest = new Map<string, number>();
  for (const backup of backups) {
    newest.set(backup.chain, Math.max(newest.get(backup.chain) ?? 0, backup.timestamp));
  }
  return [...newest].filter(([, timestamp]) => timestamp * SECOND <= before).map(([chain]) => chain);
}
