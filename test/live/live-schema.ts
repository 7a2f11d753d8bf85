import {
  createSourceEventStream,
  execute,
  type FormattedExecutionResult,
  GraphQLError,
  GraphQLInt,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  parse,
} from 'graphql';
import type { LoggedEvent, Topics } from '../../src/events/topics.js';
import { ExpectedError } from '../../src/lib/errors.js';
import type { Live } from '../../src/live/hub.js';
import type { LiveOperation } from '../../src/live/operation.js';
import type { OutputPiece } from '../../src/live/output-stream.js';

/** What the resolvers of the test schema get. */
export interface TestContext {
  live: Live;
  viewer: string;
  signal: AbortSignal;
  isEnded: () => Promise<boolean>;
  /** Counts the executions of events. */
  executed: { count: number };
}

type ClientEvent = LoggedEvent<'clientChanged'>;
const text = GraphQLString;

const ClientChanged = new GraphQLObjectType<ClientEvent, TestContext>({
  name: 'ClientChanged',
  fields: {
    key: {
      type: text,
      resolve: (event, _args, context) => {
        context.executed.count += 1;
        const payload: Topics['clientChanged'] = event.payload;
        return payload.key;
      },
    },
    cursor: { type: text, resolve: (event, _args, context) => context.live.cursorOf(event) },
    mine: { type: text, resolve: (_event, _args, context) => context.viewer, extensions: { viewerDependent: true } },
  },
});

const OutputAppended = new GraphQLObjectType<OutputPiece, TestContext>({
  name: 'OutputAppended',
  fields: {
    text: { type: text, resolve: (piece) => piece.text },
    cursor: { type: text, resolve: (piece, _args, context) => context.live.outputCursorOf(piece) },
  },
});

interface SubscriptionArgs {
  after?: string | null;
  project?: string | null;
  run?: string | null;
}

/** A small schema over the live hub, as the real one uses it. */
export const LIVE_SCHEMA = new GraphQLSchema({
  query: new GraphQLObjectType<unknown, TestContext>({
    name: 'Query',
    fields: {
      hello: { type: text, resolve: (_root, _args, context) => `hello ${context.viewer}` },
      wait: {
        type: text,
        resolve: (_root, _args, context) =>
          new Promise((resolve) => {
            context.signal.addEventListener('abort', () => resolve('cancelled'));
          }),
      },
    },
  }),
  mutation: new GraphQLObjectType<unknown, TestContext>({
    name: 'Mutation',
    fields: { add: { type: GraphQLInt, args: { to: { type: GraphQLInt } }, resolve: (_root, { to }) => to + 1 } },
  }),
  subscription: new GraphQLObjectType<unknown, TestContext>({
    name: 'Subscription',
    fields: {
      clientChanged: {
        type: ClientChanged,
        args: { after: { type: text }, project: { type: text } },
        subscribe: (_root, { after, project }: SubscriptionArgs, { live, signal }) =>
          live.events({
            topics: ['clientChanged'],
            accept: (event) => !project || event.project === project,
            after: after ?? null,
            signal,
          }),
        resolve: (event: unknown) => event,
      },
      outputAppended: {
        type: OutputAppended,
        args: { after: { type: text }, run: { type: new GraphQLNonNull(text) } },
        subscribe: (_root, { after, run }: SubscriptionArgs, { live, signal, isEnded }) =>
          live.output({ runId: run ?? '', after: after ?? null, isEnded, signal }),
        resolve: (piece: unknown) => piece,
      },
    },
  }),
});

const DOCUMENTS = new Map<string, ReturnType<typeof parse>>();

/** Parses each text once, as the server's cache does. */
export function parsed(query: string): ReturnType<typeof parse> {
  const document = DOCUMENTS.get(query) ?? parse(query);
  DOCUMENTS.set(query, document);
  return document;
}

/** Errors as they leave a server: a code and what a client needs. */
export function shown(errors: readonly GraphQLError[] | undefined): Pick<FormattedExecutionResult, 'errors'> {
  if (!errors) return {};
  return {
    errors: errors.map((error) => {
      const root = error.originalError;
      const extensions = root instanceof ExpectedError ? { ...root.details, code: root.code } : error.extensions;
      return { message: error.message, extensions };
    }),
  };
}

export interface TestOperation {
  query: string;
  variables?: Record<string, unknown>;
  operationName?: string;
  rightsKey?: string;
}

/** An operation of the test schema; each event gets a context of its own. */
export function liveOperation(context: Omit<TestContext, 'signal'>, request: TestOperation): LiveOperation {
  const { query, variables = {}, operationName = null, rightsKey = 'all' } = request;
  const document = parsed(query);
  const args = (signal: AbortSignal) => ({
    schema: LIVE_SCHEMA,
    document,
    variableValues: variables,
    operationName,
    contextValue: { ...context, signal },
  });
  const plain = (result: { data?: unknown; errors?: readonly GraphQLError[] }): FormattedExecutionResult => {
    const data = result.data as Record<string, unknown> | null | undefined;
    return { ...shown(result.errors), ...(data === undefined ? {} : { data }) };
  };
  return {
    schema: LIVE_SCHEMA,
    document,
    documentHash: query,
    operationName,
    variables,
    rightsKey,
    async open(signal) {
      const source = await createSourceEventStream(args(signal));
      return Symbol.asyncIterator in source ? source : plain(source);
    },
    resolve: async (event, signal) => plain(await execute({ ...args(signal), rootValue: event })),
    resolveAll: (events, signal) =>
      Promise.all(events.map(async (event) => plain(await execute({ ...args(signal), rootValue: event })))),
    faultResult(error) {
      const originalError = error instanceof Error ? error : new Error(String(error));
      return shown([new GraphQLError(originalError.message, { originalError })]) as FormattedExecutionResult;
    },
  };
}
