import { storeKinds } from '../kit/stores.js';
import { enginesContract } from './engines-contract.js';
import { sharingContract } from './sharing-contract.js';

for (const database of storeKinds()) {
  enginesContract(`${database}, elected by SQL`, { database });
  sharingContract(`${database}, elected by SQL`, { database });
}
