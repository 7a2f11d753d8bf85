import type { JobRow, StoredAction } from '../entities/job.js';
import { effectiveAction } from '../jobs/effective-action.js';
import { builder } from './builder.js';

/** One action with the defaults that are merged into it. */
export interface ActionShape {
  action: StoredAction;
  defaults: Record<string, unknown>;
}

/** The actions of a definition, ready to be shown. */
export function actionShapes(definition: Pick<JobRow, 'actions' | 'actionDefaults'>): ActionShape[] {
  return definition.actions.map((action) => ({ action, defaults: definition.actionDefaults }));
}

export const JobAction = builder.objectRef<ActionShape>('JobAction').implement({
  description: 'One thing that a job does.',
  fields: (t) => ({
    freezerAction: t.field({
      type: 'JSONObject',
      description: 'The parameters as they were written.',
      resolve: ({ action }) => action.freezerAction,
    }),
    effective: t.field({
      type: 'JSONObject',
      description: 'The parameters with the defaults of the job merged in, as a run gets them.',
      resolve: ({ action, defaults }) => effectiveAction(defaults, action.freezerAction),
    }),
    mandatory: t.boolean({
      description: 'Whether it runs even after a failure before it.',
      resolve: ({ action }) => action.mandatory,
    }),
    maxRetries: t.int({ description: 'Retries after the first try.', resolve: ({ action }) => action.maxRetries }),
    maxRetriesInterval: t.int({
      description: 'Seconds between tries.',
      resolve: ({ action }) => action.maxRetriesInterval,
    }),
    timeout: t.int({
      nullable: true,
      description: 'Seconds that one try may take; null = no limit.',
      resolve: ({ action }) => action.timeout,
    }),
  }),
});

export const JobActionInput = builder.inputType('JobActionInput', {
  description: 'One thing that a job does.',
  fields: (t) => ({
    freezerAction: t.field({
      type: 'JSONObject',
      required: true,
      description:
        'The parameters; `action` is one of backup, restore, info, admin, exec. Any string may be {"secret": "env:NAME"} or {"secret": "file:/path"}, resolved on the agent alone.',
    }),
    mandatory: t.boolean({ description: 'Run even after a failure before it. Default: false.' }),
    maxRetries: t.int({ description: 'Retries after the first try, 0 to 100. Default: 0.' }),
    maxRetriesInterval: t.int({ description: 'Seconds between tries. Default: 60.' }),
    timeout: t.int({ description: 'Seconds that one try may take. Default: no limit.' }),
  }),
});
