import { may } from '../auth/policy.js';
import type { SchemaContext } from './context.js';

/** Whether the caller's role may use a root field at all; what it sees through it is the domain's to say. */
export function mayUse(context: SchemaContext, field: string): boolean {
  return may(context, field);
}
