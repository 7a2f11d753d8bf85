import { MongoClient } from 'mongodb';
import { MongoLockStore } from '../../src/scheduler/agenda/mongo-lock-store.js';
import { systemTimers } from '../../src/scheduler/timers.js';
import { describeWithStores, freshMongo } from '../kit/stores.js';
import { agendaFaults } from './agenda-faults-contract.js';

describeWithStores('MongoDB', ['mongodb'], () => {
  agendaFaults('MongoDB', async () => {
    const database = await freshMongo();
    const client = new MongoClient(database.url);
    let open = true;
    return {
      open: (options) => new MongoLockStore(database.url, options, systemTimers),
      async expire() {
        const entries = client.db().collection('agendaJobs');
        await entries.updateMany({}, { $set: { wakeAt: new Date(0) } });
      },
      async close() {
        if (!open) return;
        open = false;
        await client.close();
        await database.drop();
      },
    };
  });
});
