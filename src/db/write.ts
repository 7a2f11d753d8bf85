import type { EntitySchema, ObjectLiteral } from 'typeorm';
import type { QueryDeepPartialEntity } from 'typeorm/query-builder/QueryPartialEntity.js';
import type { Tx } from './transaction.js';

/** Larger INSERTs make SQLite's expression tree too deep. */
const CHUNK = 500;

/**
 * Inserts whole rows (every column given, keys made by the application) in as few statements as possible. Columns that
 * SQL numbers may be left out.
 */
export async function insertRows<T extends ObjectLiteral, R extends Partial<T>>(
  tx: Tx,
  entity: EntitySchema<T>,
  rows: readonly R[],
): Promise<void> {
  for (let from = 0; from < rows.length; from += CHUNK) {
    const chunk = rows.slice(from, from + CHUNK) as QueryDeepPartialEntity<T>[];
    await tx.manager.createQueryBuilder().insert().into(entity).values(chunk).updateEntity(false).execute();
  }
}

/** Changes the rows that fit `where` (plain equality of columns); returns how many there were. */
export async function updateRows<T extends ObjectLiteral>(
  tx: Tx,
  entity: EntitySchema<T>,
  where: Partial<T>,
  change: Partial<T>,
): Promise<number> {
  const result = await tx.manager
    .createQueryBuilder()
    .update(entity)
    .set(change as QueryDeepPartialEntity<T>)
    .where(where)
    .execute();
  return result.affected ?? 0;
}
