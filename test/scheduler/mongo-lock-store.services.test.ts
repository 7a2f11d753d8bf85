import { MongoClient } from 'mongodb';
import { MongoLockStore } from '../../src/scheduler/agenda/mongo-lock-store.js';
import { systemTimers } from '../../src/scheduler/timers.js';
import { describeWithStores, freshMongo } from '../kit/stores.js';
import { lockStoreContract } from './lock-store-contract.js';

describeWithStores('MongoDB', ['mongodb'], () => {
  lockStoreContract('MongoDB', async () => {
    const database = await freshMongo();
    const client = new MongoClient(database.url);
    let open = true;
    return {
      open: (options) => new MongoLockStore(database.url, options, systemTimers),
      async expire() {
        await client
          .db()
          .collection('agendaJobs')
          .updateMany({}, { $set: { wakeAt: new Date(0) } });
      },
      async close() {
        await client.close();
        if (open) await database.drop();
        open = false;
      },
    };
  });
});
