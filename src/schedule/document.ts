import { formatInstant } from './date-text.js';
import { CRON_FIELD_KEYS, DOCUMENT_KEYS } from './document-keys.js';
import { formatInterval } from './interval-text.js';
import { CRON_FIELDS, type Schedule } from './types.js';
import { zoneOf } from './zone.js';

/**
 * A schedule in the job document's keys, for a job that was not made from a document. Reading it again gives the same
 * schedule when `createdAt` is the same; the zone is left out where it is the default, UTC.
 */
export function toScheduleDocument(schedule: Schedule): Record<string, string> {
  const zone = zoneOf(schedule.timezone);
  const document: Record<string, string> = {};
  if (schedule.kind === 'date') document[DOCUMENT_KEYS.at] = formatInstant(schedule.at, zone);
  if (schedule.kind === 'interval') document[DOCUMENT_KEYS.every] = formatInterval(schedule.every);
  if (schedule.kind === 'cron') {
    for (const name of CRON_FIELDS) {
      const text = schedule.fields[name];
      if (text !== undefined) document[CRON_FIELD_KEYS[name]] = text;
    }
  }
  if (schedule.kind === 'interval' || schedule.kind === 'cron') {
    if (schedule.start !== null) document[DOCUMENT_KEYS.start] = formatInstant(schedule.start, zone);
    if (schedule.end !== null) document[DOCUMENT_KEYS.end] = formatInstant(schedule.end, zone);
  }
  if (schedule.timezone !== 'UTC') document[DOCUMENT_KEYS.timezone] = schedule.timezone;
  return document;
}
