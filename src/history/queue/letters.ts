import { createHash } from 'node:crypto';
import type { Delivery } from '../../amqp/consumer.js';
import type { Envelope } from '../../amqp/publisher.js';
import { clip } from '../../lib/clip.js';
import { isoText } from '../../lib/iso-text.js';
import type { Refusal } from '../intake/refusal.js';
import type { DeploymentReport } from '../intake/report.js';
import type { Reason } from './verdict.js';

/** How often a message was put off. */
const TRIES = 'x-orrery-tries';
/** Characters of a header: a table of headers has at most 64 KiB, and the sender's own are in it as well. */
const LONGEST_LIST = 16_000;
const LONGEST_REASON = 2_000;
const LONGEST_REPORT_ID_KEPT = 150;

/** Headers that the broker acts upon or writes itself: kept, they would send a copy elsewhere, or pretend a journey. */
const NOT_KEPT = /^(CC|BCC|x-death|x-first-death-.*|x-last-death-.*|x-orrery-.*)$/i;

function keptHeaders({ properties }: Delivery): Record<string, unknown> {
  const entries = Object.entries(properties.headers ?? {});
  return Object.fromEntries(entries.filter(([name]) => !NOT_KEPT.test(name)));
}

/**
 * What the sender wrote on a message, for its copy. Without what concerns the delivery alone (how long it lives, whom to
 * answer, who may send): the broker would act upon it, or refuse the copy.
 */
function keptEnvelope({ properties }: Delivery): Envelope {
  const { contentType, contentEncoding, correlationId, messageId, type, appId, timestamp } = properties;
  const kept = { contentType, contentEncoding, correlationId, messageId, type, appId, timestamp };
  return Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
}

/** A list as JSON, as much of it as a header holds. */
function listText(items: readonly unknown[]): string {
  const texts: string[] = [];
  let length = 0;
  for (const item of items) {
    const text = JSON.stringify(item);
    length += text.length + 1;
    if (length > LONGEST_LIST) break;
    texts.push(text);
  }
  return `[${texts.join(',')}]`;
}

/** How often this message was put off before. */
export function triesOf({ properties }: Delivery): number {
  const tries: unknown = properties.headers?.[TRIES];
  return typeof tries === 'number' && Number.isInteger(tries) && tries > 0 ? tries : 0;
}

/** What is written on a copy that comes back after a while. */
export function laterEnvelope(delivery: Delivery, delay: number): Envelope {
  const headers = { ...keptHeaders(delivery), [TRIES]: triesOf(delivery) + 1 };
  return { ...keptEnvelope(delivery), expiration: String(delay), headers };
}

/** What is written on a message among the dead. `now`: epoch milliseconds. */
export function deadEnvelope(delivery: Delivery, { code, message, issues }: Reason, now: number): Envelope {
  const headers = {
    ...keptHeaders(delivery),
    'x-orrery-code': code,
    'x-orrery-reason': clip(message, LONGEST_REASON),
    'x-orrery-at': isoText(now),
    ...(issues.length > 0 ? { 'x-orrery-issues': listText(issues) } : {}),
  };
  return { ...keptEnvelope(delivery), headers };
}

/** The same without the sender's own headers, which may be too large to be sent on. */
export function withoutSenders({ headers, ...envelope }: Envelope): Envelope {
  const own = Object.entries(headers ?? {}).filter(([name]) => name.startsWith('x-orrery-'));
  return { ...envelope, headers: Object.fromEntries(own) };
}

/** Refusals of the same kind together: a report's thousand events are often wrong in the same way. */
function grouped(refused: readonly Refusal[]): unknown[] {
  const groups = new Map<string, { code: string; field: string | null; message: string; events: number[] }>();
  // The place in the letter, which holds none but these.
  for (const [place, { code, field, message }] of refused.entries()) {
    const key = JSON.stringify([code, field, message]);
    const group = groups.get(key) ?? { code, field, message, events: [] };
    group.events.push(place);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/**
 * The report of the events that were refused of one, for the dead: it can be put back once they are mended. Its id is
 * another one, else it would count as taken in; but always the same, so that a copy of the letter changes nothing.
 */
function refusedReport(report: DeploymentReport, refused: readonly Refusal[]): Record<string, unknown> {
  const { transactionId, externalId, cluster, reportId, events } = report;
  const places = refused.map(({ index }) => index);
  const digest = createHash('sha256')
    .update(JSON.stringify([reportId, places]))
    .digest('hex')
    .slice(0, 16);
  const refs = Object.entries({ transactionId, externalId, cluster }).filter(([, value]) => value != null);
  return {
    ...Object.fromEntries(refs),
    reportId: `${clip(reportId, LONGEST_REPORT_ID_KEPT)}#${digest}`,
    events: places.map((place) => events[place]),
  };
}

/** The letter to the dead about the events that were refused of a report whose others were taken in. */
export function refusedLetter(
  delivery: Delivery,
  report: DeploymentReport,
  refused: readonly Refusal[],
  now: number,
): { body: Buffer; envelope: Envelope } {
  const first = refused[0]?.message ?? '';
  const message = `${refused.length} of ${report.events.length} events were refused: ${first}`;
  const { headers, ...envelope } = deadEnvelope(delivery, { code: 'EVENTS_REFUSED', message, issues: [] }, now);
  const more = { 'x-orrery-refusals': listText(grouped(refused)), 'x-orrery-report': clip(report.reportId, 191) };
  const body = Buffer.from(JSON.stringify({ transactionReport: refusedReport(report, refused) }));
  return { body, envelope: { ...envelope, headers: { ...headers, ...more } } };
}
