import type { PageRequest } from '../db/page.js';
import type { NodePlace } from '../history/last-tasks.js';
import { builder } from './builder.js';
import { Cluster } from './cluster.js';
import { pageComplexity, toConnection } from './connection.js';
import { Task } from './task.js';
import { TaskConnection } from './task-list.js';

/** The cost of a page whose objects are looked up one after the other. */
function lookedUpOneByOne(args: PageRequest): { field: number; multiplier: number } {
  const { field, multiplier } = pageComplexity(args);
  return { field, multiplier: 4 * multiplier };
}

/** A node of a cluster, whatever else is known of it. */
export const ClusterNode = builder.interfaceRef<NodePlace>('ClusterNode');

builder.interfaceType(ClusterNode, {
  description: 'A node of a cluster.',
  resolveType: () => 'ReportedNode',
  fields: (t) => ({
    name: t.string({ description: 'What reporters call it.', resolve: ({ nodeId }) => nodeId }),
    lastTasks: t.connection(
      {
        type: Task,
        description:
          'Each task that it ever had to do, by its name, with the newest attempt: the last to begin, of those that have not begun the last to be made.',
        complexity: (args) => lookedUpOneByOne(args),
        resolve: async (node, page, context) =>
          toConnection(await context.services.analysis.lastTasks(node, 'ATTEMPTS', page)),
      },
      TaskConnection,
    ),
    lastSuccesses: t.connection(
      {
        type: Task,
        description: 'Each task that ever succeeded on it, by its name, with the newest attempt that did.',
        complexity: (args) => lookedUpOneByOne(args),
        resolve: async (node, page, context) =>
          toConnection(await context.services.analysis.lastTasks(node, 'SUCCESSES', page)),
      },
      TaskConnection,
    ),
  }),
});

builder.objectRef<NodePlace>('ReportedNode').implement({
  description: 'A node of which nothing is known but what was reported of it.',
  interfaces: [ClusterNode],
});

builder.objectField(Cluster, 'node', (t) =>
  t.field({
    type: ClusterNode,
    nullable: true,
    description: 'A node of it; null when nothing was ever reported of one of that name.',
    args: { id: t.arg.id({ required: true, description: 'What reporters call it.' }) },
    resolve: async (cluster, { id }, context) => {
      const place = { scope: cluster.id, nodeId: id };
      return id !== '' && (await context.services.analysis.isKnownNode(place)) ? place : null;
    },
  }),
);
