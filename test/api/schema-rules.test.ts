import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { complexityFromQuery } from '@pothos/plugin-complexity';
import {
  type GraphQLNamedType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isRequiredArgument,
  isScalarType,
  isUnionType,
  parse,
  printSchema,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { POLICY } from '../../src/auth/policy.js';
import { ID_PREFIX } from '../../src/entities/ids.js';
import { typeOfId } from '../../src/schema/node-types.js';
import { buildSchema } from '../../src/schema/schema.js';
import {
  allRootFields,
  argumentNames,
  isConnection,
  isPlainList,
  outputFields,
  ownTypes,
  parts,
  rootFields,
} from './schema-types.js';

const schema = buildSchema();
const all = parts(schema);
const fields = outputFields(schema);
const possibleTypes = (name: string): string[] => {
  const type = schema.getType(name);
  return isInterfaceType(type) ? names(schema.getPossibleTypes(type)) : [];
};
const places = (wrong: readonly { place: string }[]): string[] => wrong.map(({ place }) => place);
const names = (named: readonly { name: string }[]): string[] => named.map(({ name }) => name).sort();

/** What the specification's table of root fields names for the nouns that there are. */
const ROOT_FIELDS = {
  Query: [
    ...['node', 'nodes', 'viewer', 'serverInfo', 'activity', 'rateLimit', 'apiTokens'],
    ...['jobs', 'job', 'dueTimes', 'schedulePreview', 'jobPreview', 'runs', 'run', 'clients', 'client'],
    ...['transactions', 'transaction', 'taskHistory', 'task', 'taskStats', 'transactionDiff', 'clusters', 'cluster'],
    ...['services', 'service', 'shards', 'backgroundJobs', 'backgroundJob'],
  ],
  Mutation: [
    ...[
      'jobCreate',
      'jobImport',
      'jobUpdate',
      'jobStart',
      'jobStop',
      'jobRunNow',
      'jobAbort',
      'jobRemove',
      'jobRevert',
    ],
    ...['clientRegister', 'clientUpdate', 'clientRemove', 'apiTokenCreate', 'apiTokenRevoke'],
    ...['runClaim', 'runRenew', 'runReport', 'runOutputAppend', 'runRelease'],
    ...['transactionStart', 'transactionReport', 'transactionEnd', 'transactionReset'],
    ...['clusterCreate', 'clusterUpdate', 'clusterRemove'],
    ...['serviceDrain', 'serviceRemove', 'backgroundJobRebind'],
  ],
  Subscription: [
    ...['activityRecorded', 'jobStatusChanged', 'runChanged', 'runOutputAppended', 'runAssigned'],
    ...['transactionChanged', 'taskHistoryChanged', 'taskEventAppended'],
    ...['serviceStateChanged', 'shardMoved'],
  ],
} as const;

describe('descriptions', () => {
  it('say what every type, field, argument and enum value is, as a sentence', () => {
    expect(all.length).toBeGreaterThan(500);
    expect(places(all.filter(({ description }) => !/\S/.test(description ?? '')))).toEqual([]);
    const unfinished = all.filter(({ description }) => !/^[^a-z].*[.?]$/s.test(description ?? ''));
    expect(places(unfinished)).toEqual([]);
  });
});

describe('names', () => {
  const FORM = { type: /^[A-Z][A-Za-z0-9]*$/, field: /^[a-z][A-Za-z0-9]*$/, value: /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/ };

  it('are PascalCase, camelCase and SCREAMING_CASE', () => {
    const wrong = all.filter(({ kind, name }) => !FORM[kind === 'argument' ? 'field' : kind].test(name));
    expect(places(wrong)).toEqual([]);
  });

  it('say what a thing is, not that it is got or listed, and are not cut short', () => {
    const prefixed = fields.filter(({ field }) => /^(get|list|fetch|find|is|has)[A-Z]/.test(field.name));
    // "Whether it has one" is no lookup.
    const questions = ['PageInfo.hasNextPage', 'PageInfo.hasPreviousPage', 'Task.hasSummary'];
    expect(places(prefixed).sort()).toEqual(questions);
    const cut = all.filter(({ name }) =>
      /(^|[a-z])(Cfg|Config|Desc|Num|Msg|Ts|Info[A-Z]|Param|Ctx|Req|Res|Tmp)($|[A-Z])/.test(name),
    );
    expect(places(cut)).toEqual([]);
  });

  it('of mutations begin with their noun', () => {
    const nouns = [
      'job',
      'run',
      'client',
      'transaction',
      'cluster',
      'apiToken',
      'loginLink',
      'service',
      'backgroundJob',
    ];
    const wrong = names(rootFields(schema.getMutationType())).filter(
      (name) => !nouns.some((noun) => name.startsWith(noun) && /^[A-Z]/.test(name.slice(noun.length))),
    );
    expect(wrong).toEqual([]);
  });

  it('of subscriptions are facts in the past tense', () => {
    const wrong = names(rootFields(schema.getSubscriptionType())).filter((name) => !/ed$/.test(name));
    expect(wrong).toEqual([]);
  });
});

describe.each(rootFields(schema.getMutationType()).map((field) => [field.name, field] as const))(
  'mutation %s',
  (name, field) => {
    const capital = name.charAt(0).toUpperCase() + name.slice(1);
    const result: GraphQLNamedType = getNamedType(field.type);
    const members = isUnionType(result) ? result.getTypes() : [];

    it('takes exactly one non-null input', () => {
      expect(field.args.map((argument) => `${argument.name}: ${argument.type}`)).toEqual([`input: ${capital}Input!`]);
      expect(isInputObjectType(schema.getType(`${capital}Input`))).toBe(true);
    });

    it('answers with its payload or named errors', () => {
      expect(String(field.type)).toBe(`${capital}Result!`);
      const errors = members.filter((member) => member.name !== `${capital}Payload`);
      expect(members.length).toBe(errors.length + 1);
      expect(names(errors)).toEqual([
        'ConflictError',
        'ForbiddenError',
        'InvalidInputError',
        'NotFoundError',
        'StateError',
      ]);
      for (const error of errors) expect(names(error.getInterfaces())).toContain('UserError');
    });
  },
);

describe('errors', () => {
  it('have a message, a code and a path', () => {
    const error = schema.getType('UserError');
    expect(isInterfaceType(error) && names(Object.values(error.getFields()))).toEqual(['code', 'message', 'path']);
    expect(isEnumType(schema.getType('ErrorCode'))).toBe(true);
  });
});

describe('lists', () => {
  /** Lists that cannot grow: bounded by the definition of their object, or by an argument of the caller. */
  const BOUNDED = [
    ...['ClientRegisterPayload.held', 'InputIssue.path', 'InvalidInputError.issues', 'DefinitionChange.path'],
    ...['Job.actions', 'Job.diff', 'Job.nextRuns', 'JobRevision.actions', 'JobRevision.changes', 'JobRun.actions'],
    ...['JobRun.taskCounts', 'Transaction.taskCounts', 'Deployment.taskCounts', 'Query.nodes'],
    ...['TransactionReportPayload.refused', 'TaskHistoryChanged.tasks', 'TaskHistoryChanged.transactions'],
    ...['JobPreview.actions', 'JobPreview.after', 'JobPreview.before', 'JobPreview.changes', 'JobPreview.clockChanges'],
    ...['JobPreview.errors', 'JobPreview.warnings', 'SchedulePreview.clockChanges', 'SchedulePreview.errors'],
    ...['SchedulePreview.fires', 'SchedulePreview.warnings'],
    ...['JobCreatePayload.warnings', 'JobImportPayload.warnings', 'JobUpdatePayload.warnings'],
    ...['JobRevertPayload.warnings', 'JobRunNowPayload.warnings', 'TaskStats.statusCounts'],
    ...['Service.work', 'ServiceDrainWarning.tags'],
  ];
  /** Parts of one object in their one order: there is nothing to choose by but the object, or they choose by time. */
  const IN_ONE_ORDER = [
    'Job.revisions',
    'Job.dueTimes',
    'JobRun.output',
    'JobRun.taskEvents',
    'Transaction.taskEvents',
    'Deployment.taskEvents',
    ...['ClusterNode.lastTasks', 'ClusterNode.lastSuccesses', 'ReportedNode.lastTasks', 'ReportedNode.lastSuccesses'],
    'TransactionDiff.tasks',
    'BackgroundJob.occurrences',
  ];
  const connections = fields.filter(({ field }) => isConnection(field));

  it('that can grow are connections', () => {
    const plain = fields.filter(({ field, owner }) => isPlainList(field) && !/(Connection|Error)$/.test(owner));
    const known = BOUNDED.filter((place) => !place.includes('Error.'));
    expect(places(plain).sort()).toEqual(known.sort());
  });

  it('are read forwards and backwards, filtered and ordered', () => {
    expect(connections.length).toBeGreaterThan(8);
    for (const { field, place } of connections) {
      expect([place, argumentNames(field)]).toEqual([
        place,
        expect.arrayContaining(['first', 'last', 'after', 'before']),
      ]);
    }
    const chosen = connections.filter(({ place }) => !IN_ONE_ORDER.includes(place));
    const without = (argument: string) => chosen.filter(({ field }) => !argumentNames(field).includes(argument));
    expect(places(without('filter'))).toEqual([]);
    // Due times are one row of instants: past ones from the table, coming ones from the calculation.
    expect(places(without('orderBy'))).toEqual(['Query.dueTimes']);
  });

  it('have edges, nodes, pageInfo and a totalCount', () => {
    for (const { field } of connections) {
      const type = getNamedType(field.type);
      expect(isObjectType(type) && names(Object.values(type.getFields()))).toEqual([
        'edges',
        'nodes',
        'pageInfo',
        'totalCount',
      ]);
    }
  });

  it('say what the size of a page is', () => {
    for (const { field } of connections) {
      const first = field.args.find(({ name }) => name === 'first');
      expect(first?.description).toMatch(/50 .*at most 500/);
    }
  });
});

describe('subscriptions', () => {
  it.each(rootFields(schema.getSubscriptionType()).map((field) => [field.name, field] as const))(
    '%s takes a filter and a cursor, and tells one',
    (name, field) => {
      const taken = argumentNames(field);
      expect(taken).toContain('after');
      // A run's output, a client's work and a transaction's record are streams of one subject.
      const subject = { runOutputAppended: 'runId', runAssigned: 'clientId', taskEventAppended: 'transactionId' }[name];
      expect(taken).toContain(subject ?? 'filter');
      expect(field.args.filter(isRequiredArgument).map((argument) => argument.name)).toEqual(subject ? [subject] : []);
      const event = getNamedType(field.type);
      const cursor = isObjectType(event) ? event.getFields().cursor : undefined;
      expect(String(cursor?.type)).toBe('String!');
    },
  );
});

describe('ids', () => {
  const nodes = possibleTypes('Node');

  it('are one opaque text a type, whose prefix tells the type', () => {
    const known = Object.values(ID_PREFIX).map((prefix) => typeOfId(`${prefix}_0198`));
    expect([...new Set(known.filter((type) => type !== null))].sort()).toEqual([...nodes].sort());
    expect(typeOfId('nonsense')).toBeNull();
  });

  it('are the field id of a Node, which no other type has', () => {
    const withId = fields.filter(({ field }) => field.name === 'id' && String(field.type) === 'ID!');
    const objects = withId.map(({ owner }) => owner).filter((owner) => isObjectType(schema.getType(owner)));
    expect(objects.sort()).toEqual(nodes);
  });

  it('do not stand beside the object they belong to', () => {
    const ids = fields.filter(({ field, owner }) => {
      if (!/Ids?$/.test(field.name) || field.name === 'id') return false;
      const type = schema.getType(owner);
      const object = field.name.replace(/Ids?$/, '');
      return getNamedType(field.type).name === 'ID' || (isObjectType(type) && object in type.getFields());
    });
    // The actor of a command may be the subject of a JWT, of which there is no object: `actor` is its name.
    // And of what was deleted there is no object.
    const known = ['Activity.actorId', 'TransactionTombstone.actorId', 'TransactionTombstone.transactionId'];
    expect(places(ids)).toEqual(known);
  });
});

describe('types', () => {
  it('have no scalars but those with a meaning', () => {
    const meant = ['CronField', 'DateTime', 'JSON', 'JSONObject', 'ReportedTime', 'ScheduleDate'];
    expect(names(ownTypes(schema).filter(isScalarType))).toEqual(meant);
  });

  it('show instants as DateTime', () => {
    const instants = fields.filter(({ field }) => /(At|Until|timeStart|timeEnd|timeCreated)$/.test(field.name));
    expect(instants.length).toBeGreaterThan(15);
    expect(places(instants.filter(({ field }) => getNamedType(field.type).name !== 'DateTime'))).toEqual([]);
  });

  it('that are state machines say what can be done', () => {
    const job = schema.getType('Job');
    const can = isObjectType(job) ? Object.keys(job.getFields()).filter((name) => name.startsWith('can')) : [];
    expect(can.sort()).toEqual(['canAbort', 'canRemove', 'canRunNow', 'canStart', 'canStop', 'canUpdate']);
  });
});

describe('root fields', () => {
  it('are all in the policy table, and nothing else is', () => {
    expect(names(allRootFields(schema))).toEqual(Object.keys(POLICY).sort());
  });

  it('are those of the specification', () => {
    expect(names(rootFields(schema.getQueryType()))).toEqual(expect.arrayContaining([...ROOT_FIELDS.Query]));
    expect(names(rootFields(schema.getMutationType()))).toEqual(expect.arrayContaining([...ROOT_FIELDS.Mutation]));
    expect(names(rootFields(schema.getSubscriptionType()))).toEqual([...ROOT_FIELDS.Subscription].sort());
  });
});

describe('complexity', () => {
  const cost = (query: string): number => complexityFromQuery(query, { schema }).complexity;

  it('is declared for every field', () => {
    const without = fields.filter(({ field }) => field.extensions.complexity === undefined);
    expect(places(without)).toEqual([]);
  });

  it.each(
    fields
      .filter(({ field, owner }) => isConnection(field) && isObjectType(schema.getType(owner)))
      .map(({ place, owner, field }) => [place, owner, field] as const),
  )('of a page of %s is its size times what it holds', (_place, owner, field) => {
    const page = (size: string): string => {
      const own = `${field.name}${size} { nodes { __typename } }`;
      if (owner === 'Query') return `{ ${own} }`;
      return `{ node(id: "x") { ... on ${owner} { ${own} } } }`;
    };
    const [one, hundred, unsaid] = [cost(page('(first: 1)')), cost(page('(last: 100)')), cost(page(''))];
    expect(hundred - one).toBeGreaterThanOrEqual(99);
    expect(unsaid - one).toBeGreaterThanOrEqual(49);
  });

  it('of lists by their size grows with it', () => {
    const sized = (first: number): number =>
      cost(`{ node(id: "x") { ... on Job { nextRuns(first: ${first}) { at } } } }`);
    expect(sized(200)).toBeGreaterThan(sized(2) * 10);
    const ids = (count: number): number => cost(`{ nodes(ids: [${'"job_1",'.repeat(count)}]) { id } }`);
    expect(ids(400)).toBeGreaterThan(ids(4) * 10);
  });
});

describe('the published schema', () => {
  it('is what the program serves', async () => {
    const published = await readFile('schema.graphql', 'utf8');
    expect(parse(published)).toBeTruthy();
    expect(published.trimEnd()).toBe(printSchema(schema).trimEnd());
  });

  it('is built without any configuration and may not write', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'orrery-schema-'));
    try {
      const module = pathToFileURL(join(process.cwd(), 'dist/src/schema/schema.js')).href;
      const script = `import(${JSON.stringify(module)}).then(({ buildSchema }) => console.log(buildSchema().getQueryType().name))`;
      const plain = process.allowedNodeEnvironmentFlags.has('--permission');
      const flags = [plain ? '--permission' : '--experimental-permission', '--allow-fs-read=*', '--no-warnings'];
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [...flags, '-e', script], {
        cwd: folder,
        env: {},
        timeout: 20_000,
      });
      expect([stdout.trim(), stderr]).toEqual(['Query', '']);
      expect(await readdir(folder)).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
