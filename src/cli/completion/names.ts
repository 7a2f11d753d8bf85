import type { OrrerySdk, TransactionFilter } from '@orrery/sdk';
import type { Candidate } from './candidates.js';

/** The most names that are offered. */
const MOST = 200;

async function transactionNames(sdk: OrrerySdk, filter: TransactionFilter): Promise<Candidate[]> {
  const { transactions } = await sdk.transactions({ first: MOST, filter });
  return transactions.nodes.map(({ number, name, status }) => ({
    value: String(number),
    description: `${name} ${status}`,
  }));
}

const SOURCES: Readonly<Record<string, (sdk: OrrerySdk, typed: string) => Promise<readonly Candidate[]>>> = {
  job: async (sdk, typed) => {
    const { jobs } = await sdk.jobs({ first: MOST, filter: typed === '' ? null : { search: typed } });
    return jobs.nodes.map((job) => ({ value: job.key, description: job.description || job.status }));
  },
  run: async (sdk) => {
    const { runs } = await sdk.runs({ first: MOST });
    return runs.nodes.map((run) => ({
      value: String(run.number),
      description: `${run.name} ${run.result ?? run.state}`,
    }));
  },
  client: async (sdk) => {
    const { clients } = await sdk.clients({ first: MOST });
    return clients.nodes.map((client) => ({ value: client.key, description: client.description || client.state }));
  },
  deployment: async (sdk) => transactionNames(sdk, { kinds: ['DEPLOYMENT'] }),
  transaction: async (sdk) => transactionNames(sdk, {}),
  cluster: async (sdk, typed) => {
    const { clusters } = await sdk.clusters({ first: MOST, filter: typed === '' ? null : { search: typed } });
    return clusters.nodes.map(({ externalId, name }) => ({ value: externalId, description: name }));
  },
  service: async (sdk) => {
    const { services } = await sdk.services({ first: MOST });
    return services.nodes.map(({ host, name, state }) => ({ value: `${host}/${name}`, description: state }));
  },
  'background-job': async (sdk) => {
    const { backgroundJobs } = await sdk.backgroundJobs({ first: MOST });
    return backgroundJobs.nodes.map(({ kind, subject, job, state }) => ({
      value: `${kind}/${subject}`,
      description: job ? `${job.key} ${state}` : state,
    }));
  },
  token: async (sdk) => {
    const { apiTokens } = await sdk.apiTokens({ first: MOST });
    return apiTokens.nodes.map((token) => ({ value: token.id, description: token.name }));
  },
};

/** The names of a noun that the server knows. */
export async function namesOf(sdk: OrrerySdk, noun: string, typed: string): Promise<readonly Candidate[]> {
  return (await SOURCES[noun]?.(sdk, typed)) ?? [];
}
