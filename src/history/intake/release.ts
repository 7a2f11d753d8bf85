/** The first release of Fuel whose deployments keep a history. */
const FIRST_RELEASE: readonly [number, number] = [9, 0];

/**
 * Whether the history of a cluster of this release is kept: not below 9.0. A release is written `9.0`, or as Fuel does
 * with its OpenStack before it: `mitaka-9.0`, `2015.1.0-8.0`. What says no version is taken in.
 */
export function keepsHistory(releaseVersion: string | null): boolean {
  const version = /(\d+)(?:\.(\d+))?[^-]*$/.exec(releaseVersion?.split('-').at(-1) ?? '');
  if (!version) return true;
  const [major, minor] = [Number(version[1]), Number(version[2] ?? 0)];
  return major > FIRST_RELEASE[0] || (major === FIRST_RELEASE[0] && minor >= FIRST_RELEASE[1]);
}
