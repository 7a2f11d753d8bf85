import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse, validate } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSchema } from '../../src/schema/schema.js';
import { ADMIN_TOKEN, startTestServer, type TestServer } from '../kit/server.js';
import { describeUnless } from '../kit/stores.js';
import { Caller, liveCursor } from './places.js';

const schema = buildSchema();
const run = promisify(execFile);

interface Block {
  kind: string;
  text: string;
}

/** A recipe: what is run, and what the page says that it answers. */
interface Recipe extends Block {
  name: string;
  variables: Record<string, unknown>;
  answer: string | null;
}

const blocksOf = (page: string): Block[] =>
  [...page.matchAll(/^```(\w+)( \w+)?\n([\s\S]*?)^```$/gm)].map(([, kind = '', info = '', text = '']) => ({
    kind: kind + info,
    text,
  }));

function recipesOf(page: string): Recipe[] {
  const recipes: Recipe[] = [];
  for (const { kind, text } of blocksOf(page)) {
    const last = recipes.at(-1);
    if (kind.endsWith(' answer') && last) last.answer = text;
    else if (kind === 'json variables' && last) last.variables = JSON.parse(text);
    else recipes.push({ kind, text, name: text.trim().slice(0, 60), variables: {}, answer: null });
  }
  return recipes;
}

/** What an answer is held against: `…` stands for anything but nothing. */
function pattern(value: unknown): unknown {
  if (value === '…') return expect.anything();
  if (Array.isArray(value)) return value.map(pattern);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, pattern(inner)]));
}

const textPattern = (text: string): RegExp =>
  new RegExp(
    `^${text
      .trim()
      .split('…')
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('[^"]+')}$`,
  );

const page = await readFile('docs/api.md', 'utf8');
const recipes = recipesOf(page);
const curl = await run('curl', ['--version']).then(
  () => undefined,
  () => 'curl is not installed',
);

describe('the documents in the guides', () => {
  it('are valid against the schema', async () => {
    const guides = (await readdir('docs')).filter((name) => name.endsWith('.md')).map((name) => join('docs', name));
    let documents = 0;
    for (const guide of [...guides, 'README.md']) {
      const blocks = blocksOf(await readFile(guide, 'utf8')).filter(({ kind }) => kind === 'graphql');
      for (const { text } of blocks) {
        documents += 1;
        expect([guide, validate(schema, parse(text)).map(({ message }) => message)]).toEqual([guide, []]);
      }
    }
    expect(documents).toBeGreaterThan(8);
  });
});

describeUnless(curl, 'the recipes of docs/api.md', () => {
  let server: TestServer;
  let directory: string;
  let environment: Record<string, string>;
  beforeAll(async () => {
    server = await startTestServer({ flags: { name: 'engine-1' } });
    directory = await mkdtemp(join(tmpdir(), 'orrery-recipes-'));
    environment = {
      PATH: process.env.PATH ?? '',
      ORRERY_URL: server.url,
      ORRERY_TOKEN: ADMIN_TOKEN,
      LAST_CURSOR: await liveCursor(server),
    };
  });
  afterAll(async () => {
    await server.stop();
    await rm(directory, { recursive: true });
  });

  const FENCED = '... on HeldRun { fence instruction { task { id } } } ... on UserError { code }';

  /** What an agent does with the run that a recipe asked for. */
  async function carryOut(): Promise<void> {
    const caller = new Caller(server);
    const session = { sessionId: 'session-of-recipes' };
    const registration = { key: 'backup-host', hostname: 'backup-host', version: '1', capabilities: {}, ...session };
    await caller.data('mutation ($input: ClientRegisterInput!) { clientRegister(input: $input) { __typename } }', {
      input: registration,
    });
    const { run: found } = await caller.data<{ run: { id: string } }>('{ run(id: "1") { id } }');
    const { held } = await caller.data<{ held: { fence: number; instruction: { task: { id: string } } } }>(
      `mutation ($input: RunClaimInput!) { held: runClaim(input: $input) { __typename ${FENCED} } }`,
      { input: { runId: found.id, ...session } },
    );
    const hold = { runId: found.id, fence: held.fence, ...session };
    const attempt = { taskId: held.instruction.task.id, attempt: 1 };
    const report = `mutation ($input: RunReportInput!) { runReport(input: $input) { __typename ${FENCED} } }`;
    await caller.data(report, { input: { ...hold, ...attempt, sequence: 1, started: true } });
    const pieces = [{ ...attempt, sequence: 1, stream: 'STDOUT', text: '3 files, 12 KiB\n' }];
    await caller.data('mutation ($input: RunOutputAppendInput!) { runOutputAppend(input: $input) { __typename } }', {
      input: { ...hold, pieces },
    });
    const ended = { outcome: 'SUCCEEDED', exitCode: 0 };
    await caller.data(report, { input: { ...hold, ...attempt, sequence: 2, ended } });
  }

  async function outputOf({ kind, text }: Recipe): Promise<string> {
    if (kind === 'bash') return (await run('bash', ['-ec', text], { cwd: directory, env: environment })).stdout;
    const folder = join(process.cwd(), 'node_modules', '.cache');
    await mkdir(folder, { recursive: true });
    const file = join(folder, `recipe-${process.pid}.mjs`);
    await writeFile(file, text);
    try {
      return (await run(process.execPath, [file], { env: environment })).stdout;
    } finally {
      await rm(file);
    }
  }

  it.each(recipes)('$kind: $name', async (recipe) => {
    const { kind, text, variables, answer } = recipe;
    if (kind === 'graphql') {
      const { body } = await new Caller(server).call(text, variables);
      expect(answer).not.toBeNull();
      const expected = JSON.parse(answer ?? '{}');
      expect(body).toMatchObject(pattern('errors' in expected ? expected : { data: expected }) as object);
      if (text.includes('jobRunNow(')) await carryOut();
      return;
    }
    expect(['bash', 'js']).toContain(kind);
    const output = await outputOf(recipe);
    if (answer?.startsWith('{')) expect(JSON.parse(output)).toMatchObject(pattern(JSON.parse(answer)) as object);
    else if (answer !== null) expect(output.trim()).toMatch(textPattern(answer));
  });

  it('the page has a recipe of each kind', () => {
    expect(new Set(recipes.map(({ kind }) => kind))).toEqual(new Set(['bash', 'graphql', 'js']));
    expect(recipes.length).toBeGreaterThan(10);
  });
});
