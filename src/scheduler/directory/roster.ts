import type { Database } from '../../db/database.js';
import type { ServiceRow, ServiceState } from '../../entities/service.js';
import { serviceName } from '../facts.js';
import type { Tag } from '../kinds.js';
import { fits } from '../tag.js';
import { tagText } from './label-rules.js';

/** A service as far as it matters to who may own what. */
export interface KnownService extends Pick<ServiceRow, 'id' | 'host' | 'name' | 'state' | 'lastSeenAt'> {
  readonly labels: Tag;
}

/** The most services that are looked at, those first that were heard of last. */
const MOST_SERVICES = 1_000;

const SERVICES = `SELECT id, host, name, labels, state, last_seen_at FROM services
  ORDER BY last_seen_at DESC, id DESC LIMIT ${MOST_SERVICES}`;
/** One shard of each tag. */
const TAGS = `SELECT shards.tag_key, shards.tag FROM shards
  JOIN (SELECT MIN(id) AS id FROM shards GROUP BY tag_key) one ON one.id = shards.id`;

const STANDS: Readonly<Record<ServiceState, string>> = {
  ACTIVE: 'was not heard of for longer than a lease',
  DRAINING: 'is being drained',
  STOPPED: 'has stopped',
  FAILED: 'has failed',
};

/** Services that a reason names: those that were heard of last. */
const MOST_NAMED = 3;

/** Who is alive at one moment, and what nobody who is alive may own. */
export class Roster {
  /** The store's clock. */
  readonly now: number;
  readonly services: readonly KnownService[];
  /** The tags that no live service fits, by their keys. */
  readonly unfitTags: ReadonlyMap<string, Tag>;
  /** Their keys. */
  readonly unfit: ReadonlySet<string>;
  readonly #silence: number;
  readonly #takers: readonly KnownService[];

  /** `tags`: those that shards have, by key; `silence`: milliseconds without a heartbeat after which a service is dead. */
  constructor(now: number, services: readonly KnownService[], tags: ReadonlyMap<string, Tag>, silence: number) {
    this.now = now;
    this.services = services;
    this.#silence = silence;
    this.#takers = services.filter((service) => service.state === 'ACTIVE' && this.heard(service));
    this.unfitTags = new Map([...tags].filter(([, tag]) => !this.fitting(tag)));
    this.unfit = new Set(this.unfitTags.keys());
  }

  /** Whether a service was heard of within the time of a lease. */
  heard({ lastSeenAt }: Pick<ServiceRow, 'lastSeenAt'>): boolean {
    return lastSeenAt > this.now - this.#silence;
  }

  /** Whether a live service takes what carries the tag; `without` is left aside. */
  fitting(tag: Tag, without?: string): boolean {
    return this.#takers.some((service) => service.id !== without && fits(service.labels, tag));
  }

  /** Why nobody takes what carries the tag. `named`: whether the caller may be told of services. */
  reasonFor(tag: Tag, named: boolean): string {
    const wanted = Object.keys(tag).length === 0 ? 'No service' : `No service with the labels ${tagText(tag)}`;
    const reason = `${wanted} is alive and takes work`;
    const near = named ? this.services.filter((service) => fits(service.labels, tag)).slice(0, MOST_NAMED) : [];
    if (near.length === 0) return `${reason}.`;
    return `${reason}: ${near.map((service) => `${serviceName(service)} ${STANDS[service.state]}`).join(', ')}.`;
  }
}

interface ServiceLine extends Omit<KnownService, 'labels' | 'lastSeenAt'> {
  labels: string | Tag;
  last_seen_at: number | string;
}

const parsed = (json: string | Tag): Tag => (typeof json === 'string' ? JSON.parse(json) : json);

/** Reads who is alive, and which tags there are. */
export async function readRoster({ db, silence }: { db: Database; silence: number }): Promise<Roster> {
  const [now, services, tags] = await Promise.all([
    db.now(),
    db.reader.rows<ServiceLine>(SERVICES),
    db.reader.rows<{ tag_key: string; tag: string | Tag }>(TAGS),
  ]);
  const known = services.map(({ labels, last_seen_at, ...service }) => ({
    ...service,
    labels: parsed(labels),
    lastSeenAt: Number(last_seen_at),
  }));
  return new Roster(now, known, new Map(tags.map(({ tag_key, tag }) => [tag_key, parsed(tag)])), silence);
}
