import { ADMIN_TOKEN } from './token.js';

interface Answer<T> {
  readonly data?: T;
  readonly errors?: readonly { readonly message: string }[];
}

/** Sends one GraphQL operation to a server. Rejects when there is no answer in time, or it holds errors. */
async function ask<T>(url: string, query: string, variables: object, timeout = 10_000): Promise<T> {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_TOKEN}` },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(timeout),
  });
  const { data, errors } = (await answer.json()) as Answer<T>;
  if (data === undefined || errors) throw new Error(errors?.[0]?.message ?? `HTTP ${answer.status}`);
  return data;
}

const CREATE = `mutation ($input: JobCreateInput!) {
  jobCreate(input: $input) { __typename ... on JobCreatePayload { job { id } } ... on UserError { message } } }`;

/** Makes a job; returns its id. */
export async function createJob(url: string, input: object): Promise<string> {
  type Made = { jobCreate: { job?: { id: string }; message?: string } };
  const { jobCreate } = await ask<Made>(url, CREATE, { input: { project: 'default', ...input } });
  if (!jobCreate.job) throw new Error(`A job was refused: ${jobCreate.message}`);
  return jobCreate.job.id;
}

const TOKEN = `mutation ($input: ApiTokenCreateInput!) {
  apiTokenCreate(input: $input) { __typename ... on ApiTokenCreatePayload { secret } ... on UserError { message } } }`;

/** Makes a token for the agent of a client. */
export async function agentToken(url: string, clientKey: string): Promise<string> {
  const input = { name: clientKey, role: 'AGENT', project: 'default', clientKey };
  type Made = { apiTokenCreate: { secret?: string; message?: string } };
  const { apiTokenCreate } = await ask<Made>(url, TOKEN, { input });
  if (apiTokenCreate.secret === undefined) throw new Error(`A token was refused: ${apiTokenCreate.message}`);
  return apiTokenCreate.secret;
}
