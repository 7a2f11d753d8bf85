import type { Tag } from './kinds.js';
import { fits } from './tag.js';

/** A service that is given shards: it is alive, and not to be emptied. */
export interface Sharer {
  readonly id: string;
  readonly labels: Tag;
}

/** A shard as sharing sees it. */
export interface SharedShard {
  readonly id: string;
  readonly tagKey: string;
  readonly tag: Tag;
  /** The service that holds it; null when nobody does. */
  readonly owner: string | null;
  /** Nobody holds it since its owner died: whoever fits may take it, full or not. */
  readonly left: boolean;
  /** The service that decides let go of it a moment ago, and leaves it to others. */
  readonly resting: boolean;
}

/** What one service does about its share. */
export interface Decision {
  /** The shards it would take, at most as many as it lacks, and all that were left by the dead. */
  readonly take: readonly string[];
  /** The shards it holds beyond its share. */
  readonly letGo: readonly string[];
}

/** The shards of one tag: how many each fitting service holds, and what it should hold. */
interface Division {
  readonly shards: readonly SharedShard[];
  readonly held: ReadonlyMap<string, number>;
  /** Fitting services, by id. */
  readonly sharers: readonly string[];
  /** What each of them should hold at least. */
  readonly least: number;
  /** Those that should hold one more: as many as the division leaves over. */
  readonly extra: Set<string>;
}

const ascending = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

function countBy<T>(items: readonly T[], keyOf: (item: T) => string | null): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) {
    const key = keyOf(item);
    if (key !== null) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function byTag(shards: readonly SharedShard[]): SharedShard[][] {
  const groups = new Map<string, SharedShard[]>();
  for (const shard of shards) {
    const group = groups.get(shard.tagKey);
    if (group) group.push(shard);
    else groups.set(shard.tagKey, [shard]);
  }
  return [...groups.keys()].sort(ascending).map((key) => groups.get(key) ?? []);
}

function divide(services: readonly Sharer[], shards: readonly SharedShard[]): Division[] {
  return byTag(shards).map((ofTag) => {
    const tag = ofTag[0]?.tag ?? {};
    const sharers = services.filter((service) => fits(service.labels, tag)).map((service) => service.id);
    const least = sharers.length === 0 ? 0 : Math.floor(ofTag.length / sharers.length);
    const held = countBy(ofTag, (shard) => shard.owner);
    return { shards: ofTag, held, sharers: sharers.sort(ascending), least, extra: new Set() };
  });
}

const leftOver = ({ shards, sharers, least }: Division): number =>
  sharers.length === 0 ? 0 : shards.length - least * sharers.length;

/** What each service should hold of all tags together, as far as it is known. */
class Totals {
  readonly #totals = new Map<string, number>();

  of(service: string): number {
    return this.#totals.get(service) ?? 0;
  }

  add(service: string, count: number): void {
    this.#totals.set(service, this.of(service) + count);
  }

  /** The one of these that has least (`sign` 1) or most (-1); the first by id among equals. */
  outmost(services: readonly string[], sign: 1 | -1): string | undefined {
    return services.reduce<string | undefined>(
      (best, each) => (best === undefined || sign * (this.of(each) - this.of(best)) < 0 ? each : best),
      undefined,
    );
  }
}

/** Gives out what a division leaves over: to who holds more than the least already, then to who has least of all. */
function giveExtras(division: Division, totals: Totals): void {
  const { held, sharers, least, extra } = division;
  for (let rest = leftOver(division); rest > 0; rest -= 1) {
    const open = sharers.filter((service) => !extra.has(service));
    const holders = open.filter((service) => (held.get(service) ?? 0) > least);
    const next = totals.outmost(holders.length > 0 ? holders : open, 1);
    if (next === undefined) return;
    extra.add(next);
    totals.add(next, 1);
  }
}

/** Moves what is left over from who has two more in all than another; true when it moved something. */
function levelOne({ sharers, extra }: Division, totals: Totals): boolean {
  const rich = totals.outmost([...extra].sort(ascending), -1);
  const poor = totals.outmost(
    sharers.filter((service) => !extra.has(service)),
    1,
  );
  if (rich === undefined || poor === undefined || totals.of(rich) - totals.of(poor) < 2) return false;
  extra.delete(rich);
  extra.add(poor);
  totals.add(rich, -1);
  totals.add(poor, 1);
  return true;
}

/**
 * Divides the shards of each tag among the services that fit it, even within one, and so that services of the same
 * labels are even within one over all tags too. Every service that sees the same computes the same; what is shared out
 * that way already stays as it is.
 */
function divideEvenly(services: readonly Sharer[], shards: readonly SharedShard[]): Division[] {
  const totals = new Totals();
  const divisions = divide(services, shards);
  for (const { sharers, least } of divisions) for (const service of sharers) totals.add(service, least);
  for (const division of divisions) giveExtras(division, totals);
  // Each move makes the totals more even, so there is a last one.
  for (let moved = true; moved; ) {
    moved = false;
    for (const division of divisions) while (levelOne(division, totals)) moved = true;
  }
  return divisions;
}

/** As many as `count` of the items, from a place of the list that differs for each service and each turn. */
function some<T>(items: readonly T[], count: number, start: number): T[] {
  const from = items.length === 0 ? 0 : start % items.length;
  return [...items.slice(from), ...items.slice(0, from)].slice(0, Math.max(0, count));
}

/**
 * What the service `me` takes and lets go of, where `services` are all that shards are shared among: one that is not
 * among them takes nothing and keeps nothing. Pure. `turn` rises with each decision, so that shards which cannot be had
 * do not hide others.
 */
export function decide(
  me: string,
  services: readonly Sharer[],
  shards: readonly SharedShard[],
  turn: number,
): Decision {
  const take: string[] = [];
  const letGo: string[] = [];
  for (const { shards: ofTag, held, sharers, least, extra } of divideEvenly(services, shards)) {
    const rank = sharers.indexOf(me);
    const share = rank < 0 ? 0 : least + (extra.has(me) ? 1 : 0);
    const mine = ofTag.filter((shard) => shard.owner === me).map((shard) => shard.id);
    letGo.push(...mine.sort(ascending).slice(share));
    if (rank < 0) continue;
    const unowned = ofTag.filter((shard) => shard.owner === null).sort((one, other) => ascending(one.id, other.id));
    const left = unowned.filter((shard) => shard.left);
    const free = unowned.filter((shard) => !shard.left && !shard.resting);
    const lacking = share - (held.get(me) ?? 0) - left.length;
    const start = turn + Math.floor((rank * free.length) / sharers.length);
    for (const shard of [...left, ...some(free, lacking, start)]) take.push(shard.id);
  }
  return { take, letGo };
}
