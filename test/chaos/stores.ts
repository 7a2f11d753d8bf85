import { type Db, MongoClient } from 'mongodb';
import { createConnection } from 'mysql2/promise';
import { OwnServices } from '../kit/own-services.js';

/** The stores that a trial has for itself. */
export const STORES = ['mariadb', 'secantus', 'redis'] as const;

export type StoreName = (typeof STORES)[number];

/** An empty database for one scenario, on servers that the trial may kill. */
export interface Place {
  url(store: StoreName): string;
  /** Ends a server as by kill -9. */
  kill(store: StoreName): Promise<void>;
  /** Starts one that was killed, with its data and its port; resolves when it answers. */
  restart(store: StoreName): Promise<void>;
  dropMongo(): Promise<void>;
  /** How many entries Agenda's collection has. */
  mongoEntries(): Promise<number>;
}

/** Real servers: MariaDB, SecantusDB (which speaks MongoDB's protocol) and Redis. */
export class Stores {
  readonly #services: OwnServices;
  #places = 0;

  private constructor(services: OwnServices) {
    this.#services = services;
  }

  static async start(): Promise<Stores> {
    return new Stores(await OwnServices.start(...STORES));
  }

  async place(): Promise<Place> {
    this.#places += 1;
    const name = `chaos_${this.#places}`;
    const services = this.#services;
    const connection = await createConnection(services.url('mariadb'));
    await connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
    await connection.end();
    const url = (store: StoreName): string => {
      const found = new URL(services.url(store));
      if (store !== 'redis') found.pathname = `/${name}`;
      return found.href;
    };
    /** With a client of its own, as the server may have been killed since the last time. */
    async function inMongo<T>(use: (database: Db) => Promise<T>): Promise<T> {
      const client = new MongoClient(url('secantus'), { serverSelectionTimeoutMS: 2_000 });
      try {
        return await use(client.db());
      } finally {
        await client.close();
      }
    }
    return {
      url,
      kill: (store) => services.kill(store),
      restart: (store) => services.restart(store),
      dropMongo: () => inMongo(async (database) => void (await database.dropDatabase())),
      mongoEntries: () => inMongo((database) => database.collection('agendaJobs').countDocuments()),
    };
  }

  async end(): Promise<void> {
    await this.#services.end();
  }
}
