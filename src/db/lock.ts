import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { Tx } from './transaction.js';

/** Makes a SELECT lock its rows until the transaction ends. SQLite needs none: it has one writer at a time. */
export function locked<T extends ObjectLiteral>(tx: Tx, query: SelectQueryBuilder<T>): SelectQueryBuilder<T> {
  return tx.manager.dataSource.options.type === 'better-sqlite3' ? query : query.setLock('pessimistic_write');
}

/** Makes a SELECT keep its rows from being changed until the transaction ends; any number may do so at once. */
export function shared<T extends ObjectLiteral>(tx: Tx, query: SelectQueryBuilder<T>): SelectQueryBuilder<T> {
  return tx.manager.dataSource.options.type === 'better-sqlite3' ? query : query.setLock('pessimistic_read');
}
