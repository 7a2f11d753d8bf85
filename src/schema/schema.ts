import type { GraphQLSchema } from 'graphql';
import './root.js';
import './scalars.js';
import './connection.js';
import './errors.js';
import './viewer.js';
import './server-info.js';
import './login-link.js';
import './activity.js';
import './activity-live.js';
import './api-token.js';
import './job.js';
import './job-query.js';
import './job-define.js';
import './job-commands.js';
import './job-live.js';
import './job-revision.js';
import './job-preview.js';
import './transaction.js';
import './task.js';
import './task-event-live.js';
import './task-history-live.js';
import './transaction-live.js';
import './deployment.js';
import './reported.js';
import './transaction-start.js';
import './transaction-reset.js';
import './transaction-report.js';
import './run.js';
import './run-output.js';
import './run-query.js';
import './run-agent.js';
import './run-live.js';
import './job-open-runs.js';
import './due-time.js';
import './cluster.js';
import './cluster-query.js';
import './cluster-change.js';
import './client.js';
import './client-query.js';
import './client-change.js';
import { builder } from './builder.js';

/** Builds the whole schema. The imports above add each noun to the builder. */
export function buildSchema(): GraphQLSchema {
  return builder.toSchema({ sortSchema: true });
}
