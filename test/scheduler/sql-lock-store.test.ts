import { SqlLockStore } from '../../src/scheduler/agenda/sql-lock-store.js';
import { storeKinds } from '../kit/stores.js';
import { openStore } from './harness.js';
import { lockStoreContract } from './lock-store-contract.js';

for (const kind of storeKinds()) {
  lockStoreContract(`SQL (${kind})`, async () => {
    const store = await openStore(kind);
    let open = true;
    return {
      open: (options) => new SqlLockStore(store.db, options),
      expire: async () => store.clock.forward(15_000),
      async close() {
        if (open) await store.close();
        open = false;
      },
    };
  });
}
