/** The public face of the package. */
export { createOrreryClient, type OrreryClient } from './client.js';
export { OrreryError } from './errors.js';
export type { ClientOptions, ConnectionState } from './options.js';
