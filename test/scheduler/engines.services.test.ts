import { describeWithStores, freshMongo } from '../kit/stores.js';
import { enginesContract } from './engines-contract.js';
import { sharingContract } from './sharing-contract.js';

describeWithStores('engines with MongoDB', ['mysql', 'mongodb'], () => {
  enginesContract('MySQL, elected by MongoDB', { database: 'mysql', mongo: freshMongo });
  sharingContract('MySQL, elected by MongoDB', { database: 'mysql', mongo: freshMongo });
});
