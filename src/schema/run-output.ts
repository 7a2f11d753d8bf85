import type { RunOutputRow } from '../entities/run.js';
import { outputPosition } from '../live/output-stream.js';
import { builder } from './builder.js';
import { pageComplexity, toConnection } from './connection.js';
import { JobRun } from './run.js';
import { OutputStreamEnum } from './run-enums.js';
import { toDate } from './scalars.js';
import { Task, taskLoader } from './task.js';

interface Cut {
  bytes: number;
  lines: number;
}

const RunOutputCut = builder.objectRef<Cut>('RunOutputCut').implement({
  description: "What is missing of an attempt's output: it was longer than is kept, so its head and its tail are.",
  fields: (t) => ({
    bytes: t.float({ description: 'How many bytes are missing.', resolve: ({ bytes }) => bytes }),
    lines: t.exposeInt('lines', { description: 'How many line ends are missing.' }),
  }),
});

export const RunOutput = builder.objectRef<RunOutputRow>('RunOutput').implement({
  description: "A piece of a run's output: some lines, or a part of a long one.",
  fields: (t) => ({
    position: t.exposeInt('position', { description: 'Its place in the run: 1, 2, 3 ...' }),
    task: t.field({
      type: Task,
      nullable: true,
      description: 'The attempt it belongs to.',
      resolve: (piece, _args, context) => taskLoader(context).load(piece.taskId),
    }),
    attempt: t.exposeInt('attempt', { description: 'The number of the attempt.' }),
    stream: t.field({ type: OutputStreamEnum, description: 'Where it came from.', resolve: (piece) => piece.stream }),
    text: t.exposeString('text', { description: 'What it says, line ends included.' }),
    at: t.field({ type: 'DateTime', description: 'When the server got it.', resolve: (piece) => toDate(piece.at) }),
    cut: t.field({
      type: RunOutputCut,
      nullable: true,
      description: 'What is missing right before it; null when nothing is.',
      resolve: ({ cutBytes, cutLines }) => (cutBytes > 0 ? { bytes: cutBytes, lines: cutLines } : null),
    }),
  }),
});

const RunOutputConnection = builder.connectionObject(
  { type: RunOutput, name: 'RunOutputConnection', description: "A page of a run's output." },
  { name: 'RunOutputEdge', description: 'A piece of output in a page.' },
);

builder.objectField(JobRun, 'output', (t) =>
  t.connection(
    {
      type: RunOutput,
      description: 'What it wrote, in order. A cursor of it is good for `runOutputAppended` too.',
      complexity: (args) => pageComplexity(args),
      resolve: async ({ run }, { first, last, after, before }, context) => {
        const { runs, live } = context.services;
        const part = await runs.output(run.id, {
          first,
          last,
          after: outputPosition(run.id, after ?? null),
          before: before == null ? null : outputPosition(run.id, before, 'before'),
        });
        const edges = part.pieces.map((node) => ({ node, cursor: live.outputCursorOf(node) }));
        return toConnection({ ...part, edges, total: () => runs.outputCount(run.id) });
      },
    },
    RunOutputConnection,
  ),
);
