/** The public face of the package. */
export { createOrreryClient, type OrreryClient } from './client.js';
export { OrreryError } from './errors.js';
export type { TasksExport, TransactionsExport } from './export.js';
export { createSdk, type OrrerySdk } from './facade.js';
export * from './generated/operations.js';
export type { ClientOptions, ConnectionState } from './options.js';
export { isNamedError, type NamedError, type PayloadOf, payloadOf, RefusedError } from './results.js';
