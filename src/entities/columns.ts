import type { EntitySchemaColumnOptions, ValueTransformer } from 'typeorm';

/** MySQL's driver gives BIGINT as text, SQLite's as a number: both become a number (all of ours are below 2^53). */
const asNumber: ValueTransformer = {
  to: (value: unknown) => value,
  from: (value: unknown) => (value === null || value === undefined ? null : Number(value)),
};

type Options = Partial<EntitySchemaColumnOptions>;

/** An id made by the application: a prefix and a UUIDv7, compared byte by byte (the database's collation is binary). */
export const id = (options: Options = {}): EntitySchemaColumnOptions => ({ type: 'varchar', length: 64, ...options });

/** A text of at most `length` characters. */
export const text = (length: number, options: Options = {}): EntitySchemaColumnOptions => ({
  type: 'varchar',
  length,
  ...options,
});

/** A text of up to 65,535 bytes that is never searched by. */
export const longText = (options: Options = {}): EntitySchemaColumnOptions => ({ type: 'text', ...options });

/** A whole number below 2^53. */
export const big = (options: Options = {}): EntitySchemaColumnOptions => ({
  type: 'bigint',
  transformer: asNumber,
  ...options,
});

/** An instant: epoch milliseconds. One number in every dialect, so that no session's time zone can shift it. */
export const instant = (options: Options = {}): EntitySchemaColumnOptions => big(options);

/** A whole number below 2^31. */
export const int = (options: Options = {}): EntitySchemaColumnOptions => ({ type: 'int', ...options });

export const bool = (options: Options = {}): EntitySchemaColumnOptions => ({ type: 'boolean', ...options });

/** A JSON object or array (never a bare string or number). */
export const json = (options: Options = {}): EntitySchemaColumnOptions => ({ type: 'json', ...options });

/** The serial number that SQL gives a row: short, for people; not ordered by commit. */
export const serial = (): EntitySchemaColumnOptions => ({ type: 'integer', primary: true, generated: 'increment' });
