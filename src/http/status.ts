import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpParts } from './parts.js';
import { sendJson, sendText } from './reply.js';

/** `GET /health/live`: the process answers. Also tells a second start who holds the port. */
export function answerLive({ options }: HttpParts, res: ServerResponse): void {
  sendJson(res, 200, { status: 'live', product: 'orrery', name: options.name });
}

/** `GET /health/ready`: whether work should be sent here, which parts are not well, and why. */
export async function answerReady({ health }: HttpParts, res: ServerResponse): Promise<void> {
  const { ready, parts } = await health.check();
  const named = (state: string): string[] => parts.filter((part) => part.state === state).map((part) => part.name);
  const degraded = named('DEGRADED');
  const status = !ready ? 'not ready' : degraded.length > 0 ? 'degraded' : 'ready';
  const reasons = Object.fromEntries(parts.flatMap(({ name, detail }) => (detail === null ? [] : [[name, detail]])));
  sendJson(res, ready ? 200 : 503, { status, degraded, down: named('DOWN'), reasons });
}

/** Whose numbers may be read where they are not public: they tell of every project. */
const METRICS_ROLES: ReadonlySet<string> = new Set(['ADMIN', 'OPERATOR', 'READER']);

/** `GET /metrics` in Prometheus' text format. */
export async function answerMetrics(parts: HttpParts, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { options, metrics, authenticator, callers } = parts;
  if (!options.metricsPublic) {
    const found = await authenticator.authenticate(callers.credentialsOf(req), callers.callOf(req, 'HTTP'));
    if (!found.ok) return sendJson(res, 401, { error: found.refusal.message });
    const { role, project } = found.ctx.actor;
    if (!METRICS_ROLES.has(role) || project !== null) {
      return sendJson(res, 403, { error: 'The metrics need the role ADMIN, OPERATOR, or READER of all projects.' });
    }
  }
  sendText(res, 200, metrics.contentType, await metrics.text());
}
