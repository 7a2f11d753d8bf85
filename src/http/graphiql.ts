import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { sendText } from './reply.js';

/** Where GraphiQL's own files are served. */
export const GRAPHIQL_ASSETS = '/graphql/assets/';

/**
 * Nothing may come from a foreign host. Monaco sets styles from scripts and keeps its icons in data URLs; its workers
 * come from here.
 */
const SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "worker-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const WELCOME = `# Orrery's API. Press Ctrl-Enter to run, Ctrl-Space for suggestions.
query Hello {
  viewer {
    name
    role
    project
  }
}
`;

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Orrery GraphiQL</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="${GRAPHIQL_ASSETS}graphiql.css">
  </head>
  <body id="body" class="no-focus-outline">
    <noscript>GraphiQL needs JavaScript.</noscript>
    <div id="root"></div>
    <script src="${GRAPHIQL_ASSETS}workers.js"></script>
    <script src="${GRAPHIQL_ASSETS}graphiql.js"></script>
    <script src="${GRAPHIQL_ASSETS}start.js"></script>
  </body>
</html>
`;

const WORKERS = `self.MonacoEnvironment = {
  globalAPI: false,
  getWorkerUrl: (_moduleId, label) => '${GRAPHIQL_ASSETS}' + label + '.worker.js',
};
`;

const OPTIONS = {
  title: 'Orrery GraphiQL',
  subscriptionsProtocol: 'WS',
  credentials: 'same-origin',
  headerEditorEnabled: true,
  defaultQuery: WELCOME,
};

const START = `YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), ${JSON.stringify(OPTIONS)});
`;

interface Asset {
  type: string;
  zipped: Buffer;
}

const zip = promisify<string, Buffer>(gzip);
const STYLE = 'text/css; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';

/** Reads GraphiQL's files from the package, each kept compressed; done at the first request, not at start. */
async function loadAssets(): Promise<ReadonlyMap<string, Asset>> {
  const { css, editorWorkerService, graphqlWorker, js, jsonWorker } = await import(
    '@graphql-yoga/render-graphiql/graphiql'
  );
  const scripts: [string, string][] = [
    ['graphiql.js', js],
    ['start.js', START],
    ['workers.js', WORKERS],
    ['editorWorkerService.worker.js', editorWorkerService],
    ['graphql.worker.js', graphqlWorker],
    ['json.worker.js', jsonWorker],
  ];
  const files = [
    ...scripts.map(([name, text]) => [name, SCRIPT, text] as const),
    ['graphiql.css', STYLE, css] as const,
  ];
  const zipped = files.map(async ([name, type, text]) => [name, { type, zipped: await zip(text) }] as const);
  return new Map(await Promise.all(zipped));
}

let assets: Promise<ReadonlyMap<string, Asset>> | null = null;

/** Sends GraphiQL's page. */
export function sendGraphiql(res: ServerResponse): void {
  sendText(res, 200, 'text/html; charset=utf-8', PAGE, { 'content-security-policy': SECURITY_POLICY });
}

/** Sends one of GraphiQL's files; answers false when there is none of this name. */
export async function sendGraphiqlAsset(res: ServerResponse, name: string): Promise<boolean> {
  assets ??= loadAssets();
  const asset = (await assets).get(name);
  if (!asset) return false;
  res.writeHead(200, {
    'content-type': asset.type,
    'x-content-type-options': 'nosniff',
    'content-encoding': 'gzip',
    'content-length': asset.zipped.length,
    'cache-control': 'private, max-age=3600',
  });
  res.end(asset.zipped);
  return true;
}
