import { StateError } from '../../lib/errors.js';

/** The first release of Fuel whose deployments keep a history. */
const FIRST_RELEASE: readonly [number, number] = [9, 0];

/**
 * Whether the history of a cluster of this release is kept: not below 9.0. A release is written `9.0`, or as Fuel does
 * with its OpenStack before it (`mitaka-9.0`, `2015.1.0-8.0`), or with more behind it (`9.0-rc1`, `8.0-kilo`): the last
 * part that begins as a version does counts, one without a dot where there is no other. What says no version is taken in.
 */
export function keepsHistory(releaseVersion: string | null): boolean {
  const parts = releaseVersion?.split('-').reverse() ?? [];
  const version = firstMatch(parts, /^v?(\d+)\.(\d+)/i) ?? firstMatch(parts, /^v?(\d+)/i);
  if (!version) return true;
  const [major, minor] = [Number(version[1]), Number(version[2] ?? 0)];
  return major > FIRST_RELEASE[0] || (major === FIRST_RELEASE[0] && minor >= FIRST_RELEASE[1]);
}

function firstMatch(parts: readonly string[], form: RegExp): RegExpExecArray | null {
  for (const part of parts) {
    const match = form.exec(part);
    if (match) return match;
  }
  return null;
}

/** Throws StateError HISTORY_DISABLED for a cluster older than 9.0; `field` says where the input names it. */
export function mustKeepHistory(cluster: { name: string; releaseVersion: string | null }, field: string): void {
  const { name, releaseVersion } = cluster;
  if (keepsHistory(releaseVersion)) return;
  const message = `The history of releases before 9.0 is not kept, and "${name}" runs ${releaseVersion}.`;
  throw new StateError('HISTORY_DISABLED', message, [field]);
}
