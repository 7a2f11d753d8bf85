import type { IncomingMessage, ServerResponse } from 'node:http';
import { SESSION_COOKIE, type Sessions } from '../auth/sessions.js';
import { sendText } from './reply.js';

const page = (title: string, text: string, next: string | null): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>${title}</title>
    ${next === null ? '' : `<meta http-equiv="refresh" content="0; url=${next}">`}
  </head>
  <body>
    <h1>${title}</h1>
    <p>${text}</p>
  </body>
</html>
`;

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
};

/** What the login pages need. */
export interface LoginOptions {
  sessions: Sessions;
  /** Whether people reach the server by https, so that the cookie never goes another way. */
  secure: boolean;
  /** Where a page goes once it is logged in. */
  landing: string;
}

function cookie(options: LoginOptions, value: string, seconds: number): string {
  const secure = options.secure ? '; Secure' : '';
  return `${SESSION_COOKIE}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure}`;
}

/** `GET /login?code=...`: changes the one-time code of a login link for the session's cookie. */
export async function answerLogin(options: LoginOptions, url: URL, res: ServerResponse, now: number): Promise<void> {
  const code = url.searchParams.get('code') ?? '';
  const session = code === '' ? null : await options.sessions.redeem(code);
  if (!session) {
    const text = 'A login link is good once and for 10 minutes. Make a new one with <code>orrery login</code>.';
    return sendText(res, 401, 'text/html; charset=utf-8', page('This login link cannot be used', text, null), HEADERS);
  }
  const seconds = Math.max(0, Math.floor((session.expiresAt - now) / 1_000));
  // Not a redirect: after one that began on another site, a browser would leave the strict cookie out.
  const text = `Go on to <a href="${options.landing}">${options.landing}</a>.`;
  const headers = { ...HEADERS, 'set-cookie': cookie(options, session.cookie, seconds) };
  sendText(res, 200, 'text/html; charset=utf-8', page('Logged in', text, options.landing), headers);
}

/** `POST /logout`: ends the session of the cookie. */
export async function answerLogout(options: LoginOptions, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const value = /(?:^|;\s*)orrery_session=([^;\s]+)/.exec(req.headers.cookie ?? '')?.[1];
  if (value !== undefined) await options.sessions.end(value);
  sendText(res, 200, 'text/html; charset=utf-8', page('Logged out', 'The session has ended.', null), {
    ...HEADERS,
    'set-cookie': cookie(options, '', 0),
  });
}
