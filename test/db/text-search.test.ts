import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { actor } from '../kit/actors.js';
import { backup, makeJob } from '../kit/runs.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, ctxOf, type World } from '../kit/world.js';

const ADMIN = actor('ADMIN');

/** Descriptions by the keys of jobs. */
const TEXTS = {
  german: 'ÄRGER im Büro: Straße',
  greek: 'ΟΔΟΣ Αθηνών',
  cyrillic: 'Ночная КОПИЯ',
  signs: '100% of [the] *best*? a_b!',
  plain: 'Nightly Backup',
} as const;

describe.each(storeKinds())('a search (%s)', (store) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ store });
    for (const [key, description] of Object.entries(TEXTS)) {
      await makeJob(world, 'a-host', [backup()], { key, description });
    }
  });
  afterAll(() => world.close());

  async function found(search: string): Promise<string[]> {
    const document = 'query ($search: String) { jobs(filter: { search: $search }) { nodes { key } } }';
    const { jobs } = await world.gql<{ jobs: { nodes: { key: string }[] } }>(document, { search }, ADMIN);
    return jobs.nodes.map(({ key }) => key).sort();
  }

  it.each<[string, string[]]>([
    ['ärger', ['german']],
    ['Ärger', ['german']],
    ['BÜRO', ['german']],
    ['straße', ['german']],
    ['οδοσ', ['greek']],
    ['ΑΘΗΝΏΝ', ['greek']],
    ['ночная копия', ['cyrillic']],
    ['КОПИЯ', ['cyrillic']],
    ['nIGHTLY b', ['plain']],
    ['PLAIN', ['plain']],
    // Another letter is another letter: accents count.
    ['arger', []],
    ['buro', []],
    // No character has a meaning of its own.
    ['%', ['signs']],
    ['_', ['signs']],
    ['!', ['signs']],
    ['[the]', ['signs']],
    ['*BEST*?', ['signs']],
    ['?', ['signs']],
    ['[a-z]', []],
    ['n*y', []],
    ['ÄR?ER', []],
    ['^', []],
    ['', Object.keys(TEXTS).sort()],
    ['x'.repeat(100_000), []],
  ])('of jobs for %.20j', async (search, keys) => {
    expect(await found(search)).toEqual(keys);
  });

  it('of clients, clusters and tasks knows the same cases', async () => {
    await world.gql(
      `mutation { clientRegister(input: { key: "keller-1", hostname: "KÜCHE", version: "1", capabilities: {},
        sessionId: "a-session" }) { ... on UserError { message } } }`,
    );
    const graph = { tasks: [{ name: 'PRÜFUNG', nodes: ['Knoten-Ö'] }] };
    await world.services.reports.start(ctxOf(ADMIN), { cluster: 'ÖLFELD', externalId: 'first', graph });
    const document = `query ($client: String, $cluster: String, $task: String) {
      clients(filter: { search: $client }) { nodes { key } }
      clusters(filter: { search: $cluster }) { nodes { name } }
      transactions { nodes { ... on Deployment { tasks(filter: { search: $task }) { nodes { name } } } } } }`;
    const ask = (client: string, cluster: string, task: string) =>
      world.gql(document, { client, cluster, task }, ADMIN);
    for (const task of ['prüf', 'KNOTEN-ö']) {
      expect(await ask('küche', 'ölF', task)).toEqual({
        clients: { nodes: [{ key: 'keller-1' }] },
        clusters: { nodes: [{ name: 'ÖLFELD' }] },
        transactions: { nodes: [{ tasks: { nodes: [{ name: 'PRÜFUNG' }] } }] },
      });
    }
    expect(await ask('kuche', 'olfeld', 'pruf')).toEqual({
      clients: { nodes: [] },
      clusters: { nodes: [] },
      transactions: { nodes: [{ tasks: { nodes: [] } }] },
    });
  });
});
