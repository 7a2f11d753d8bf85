import type { AgendaBackend } from 'agenda';
import { type AnyBulkWriteOperation, MongoBulkWriteError, MongoClient } from 'mongodb';
import { SECOND } from '../../lib/time.js';
import type { Timers } from '../timers.js';
import type { LockStore, LockStoreOptions } from './lock-store.js';
import { type Entries, type EntryDocument, entryKey, freeStage, lockStage, mine, newEntry } from './mongo-entries.js';
import { FencedJobRepository } from './mongo-job-repository.js';
import { StoreClock } from './store-clock.js';

const COLLECTION = 'agendaJobs';
/** A server that does not answer must not hold up what SQL alone can do. */
const PATIENCE = 2 * SECOND;

/**
 * Agenda's locks in MongoDB. Every question connects first: once connected the driver comes back by itself, but a client
 * whose first connection failed stays closed until it is told to connect again. Nothing here ends the process.
 */
export class MongoLockStore implements LockStore {
  readonly backend: AgendaBackend;
  readonly #client: MongoClient;
  readonly #entries: Entries;
  readonly #repository: FencedJobRepository;
  readonly #clock: StoreClock;
  readonly #options: LockStoreOptions;
  #available = true;
  #closed = false;

  /** Throws the driver's error when the URL is not one. */
  constructor(url: string, options: LockStoreOptions, timers: Timers) {
    this.#options = options;
    this.#client = new MongoClient(url, {
      appName: 'orrery',
      maxPoolSize: 8,
      serverSelectionTimeoutMS: PATIENCE,
      connectTimeoutMS: PATIENCE,
      socketTimeoutMS: 2 * PATIENCE,
      writeConcern: { w: 'majority' },
    });
    this.#client.on('error', () => {
      this.#available = false;
    });
    const db = this.#client.db();
    this.#entries = db.collection<EntryDocument>(COLLECTION);
    this.#clock = new StoreClock(db, timers);
    const ask = <T>(question: () => Promise<T>): Promise<T> => this.#ask(question);
    this.#repository = new FencedJobRepository(db, this.#entries, options, this.#clock, ask);
    const repository = this.#repository;
    this.backend = {
      name: 'MongoDB',
      repository,
      ownsConnection: false,
      connect: () => repository.connect(),
      disconnect: async () => {},
    };
  }

  get available(): boolean {
    return this.#available;
  }

  /** Connects, asks, and remembers whether the server answered. */
  async #ask<T>(question: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new Error('The lock store is closed.');
    try {
      await this.#client.connect();
      const answer = await question();
      this.#available = true;
      return answer;
    } catch (error) {
      this.#available = false;
      throw error;
    }
  }

  async prepare(): Promise<void> {
    const { exclusive, owner } = this.#options;
    await this.#ask(() => this.#index());
    const earlier = { lockService: owner.service, lockIncarnation: { $lt: owner.incarnation } };
    const dead = exclusive ? { $or: [{ lockService: { $ne: owner.service } }, earlier] } : earlier;
    await this.#ask(() => this.#entries.updateMany(dead, freeStage(0)));
  }

  #index(): Promise<string> {
    return this.#entries.createIndex({ name: 1, wakeAt: 1 }, { name: 'orrery_wake' });
  }

  async missing(shards: readonly string[]): Promise<string[]> {
    if (shards.length === 0) return [];
    const there = this.#entries.find({ _id: { $in: shards.map(entryKey) } }, { projection: { 'data.shard': 1 } });
    const found = new Set((await this.#ask(() => there.toArray())).map((entry) => entry.data.shard));
    return shards.filter((shard) => !found.has(shard));
  }

  async ensure(shards: readonly string[]): Promise<number> {
    const missing = await this.missing(shards);
    if (missing.length === 0) return 0;
    const writes = missing.map((shard) => {
      const { _id, ...entry } = newEntry(shard);
      return { updateOne: { filter: { _id }, update: { $setOnInsert: entry }, upsert: true } };
    });
    const made = await this.#ask(() => this.#insert(writes));
    // A dropped database took the index with it.
    await this.#ask(() => this.#index());
    return made;
  }

  /** How many entries it made; those that another engine made at the same instant are there, and that is all we want. */
  async #insert(writes: AnyBulkWriteOperation<EntryDocument>[]): Promise<number> {
    try {
      return (await this.#entries.bulkWrite(writes, { ordered: false })).upsertedCount;
    } catch (error) {
      if (error instanceof MongoBulkWriteError && error.code === 11000) return error.result.upsertedCount;
      throw error;
    }
  }

  async hold(shards: readonly string[]): Promise<number> {
    if (shards.length === 0) return 0;
    const { owner, lockLength } = this.#options;
    return this.#ask(async () => {
      const free = [{ lockService: null }, { wakeAt: { $lte: await this.#clock.now() } }];
      const filter = { _id: { $in: shards.map(entryKey) }, $or: [mine(owner), ...free] };
      const held = await this.#entries.updateMany(filter, lockStage(owner, lockLength, { $literal: true }));
      return held.matchedCount;
    });
  }

  async prune(shards: readonly string[]): Promise<number> {
    return this.#ask(async () => {
      const free = [{ lockService: null }, { wakeAt: { $lte: await this.#clock.now() } }];
      const filter = { _id: { $nin: shards.map(entryKey) }, $or: [mine(this.#options.owner), ...free] };
      return (await this.#entries.deleteMany(filter)).deletedCount;
    });
  }

  async release(shards: readonly string[], pause = 0): Promise<void> {
    if (shards.length === 0) return;
    const filter = { _id: { $in: shards.map(entryKey) }, ...mine(this.#options.owner) };
    await this.#ask(() => this.#entries.updateMany(filter, freeStage(pause)));
    this.#repository.gaveBack(shards);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#client.close();
  }
}
