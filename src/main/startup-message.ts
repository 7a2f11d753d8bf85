/** What a person at the terminal is told once the server answers. */
export interface Startup {
  version: string;
  url: string;
  /** Null where rights were configured: then no token is made here. */
  login: { link: string; tokenPath: string } | null;
  database: string;
  localAgent: string | null;
}

/** The lines printed at the start: the address, the one-time login link, where the token lies. Never a token. */
export function startupMessage(startup: Startup): string {
  const { version, url, login, database, localAgent } = startup;
  const lines = [
    `Orrery ${version} answers at ${url}`,
    ...(login
      ? [`  Log in (once, within 10 minutes): ${login.link}`, `  The admin token lies in ${login.tokenPath}`]
      : ['  Rights are configured; no token was made here.']),
    `  Database: ${database}`,
    ...(localAgent ? [`  Jobs of client "${localAgent}" run on this host.`] : []),
    '  Ctrl-C stops it in order.',
  ];
  return `${lines.join('\n')}\n`;
}
