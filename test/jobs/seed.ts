import { readFileSync } from 'node:fs';

/** What stands in the seed where a value belongs -> the value, for each fragment that has such holes. */
const HOLES: Readonly<Record<string, readonly (readonly [hole: string, json: string])[]>> = {
  'job document structure': [
    ['{ parameters for freezer to execute a specific action }', '{"action": "info"}'],
    ['{ scheduling information }', '{"schedule_interval": "2 hours"}'],
    ['"job_id":       string', '"job_id": "structure"'],
    ['"client_id":    string', '"client_id": "client-1"'],
    ['"user_id":      string', '"user_id": "user-1"'],
    ['"description":  string', '"description": "words"'],
  ],
  job_actions: [
    ['"action" :      string', '"action": "backup"'],
    ['"mode" :        string', '"mode": "fs"'],
    ['"src_file" :    string', '"src_file": "/home"'],
    ['"backup_name" : string', '"backup_name": "home"'],
    ['"container" :   string\n                    ...', '"container": "/backups"'],
    ['{\n                    ...\n                }', '{"action": "exec", "command": "true"}'],
    ['False', 'false'],
  ],
  job_schedule: [
    ['int  (timestamp)', '1234'],
    ['string  ["stop", "scheduled", "running", "aborting", "removed"]', '"scheduled"'],
    ['string  ["", "stop", "start", "abort", "remove"]', '"start"'],
    ['string  ["", "success", "fail", "aborted"]', '"fail"'],
    ['SCHEDULING TIME INFORMATION', '"schedule_interval": "1 days"'],
  ],
  'date scheduling': [[': datetime isoformat', '"2030-06-02T16:20:00"']],
  'interval scheduling': [
    ['"continuous", "N weeks" / "N days" / "N hours" / "N minutes" / "N seconds"', '"2 weeks"'],
    ['"schedule_start_date" : datetime isoformat', '"schedule_start_date": "2026-12-01T00:00:00"'],
    ['"schedule_end_date"   : datetime isoformat', '"schedule_end_date": "2030-06-02T16:20:00Z"'],
  ],
  'cron-like scheduling': [
    ['4 digit year', '"2031"'],
    ['1-12', '"1-12"'],
    ['1-31', '"1-31"'],
    ['1-53', '"1-53"'],
    ['0-6 or string mon,tue,wed,thu,fri,sat,sun', '"mon,tue,wed,thu,fri,sat,sun"'],
    ['0-23', '"0-23"'],
    ['0-59', '"0-59"'],
    ['"schedule_start_date" : datetime isoformat', '"schedule_start_date": "2030-01-01T00:00:00+02:00"'],
    ['"schedule_end_date"   : datetime isoformat', '"schedule_end_date": "2032-06-02T16:20:00"'],
  ],
  'backup freezer_action': [
    [': int', ': 7'],
    [': bool', ': false'],
    ['private_key_file', '"/etc/freezer/private.key"'],
  ],
  'scheduled one shot': [
    ['"fail|success"', '"success"'],
    ['"max_retries": int', '"max_retries": 2'],
    ['secs', '30'],
    ['"mandatory": bool', '"mandatory": true'],
    ['{\n                action\n                ...\n            }', '{"freezer_action": {"action": "admin"}}'],
    ['"stop | scheduled | running"', '"scheduled"'],
  ],
  'daily backup': [['[ ... ]', '[{"freezer_action": {"action": "backup", "mode": "fs"}}]']],
  'multiple scheduling choices': [['[ ... ]', '[{"freezer_action": {"action": "backup", "mode": "fs"}}]']],
  'finished job with result': [['[ ... ]', '[{"freezer_action": {"action": "backup", "mode": "fs"}}]']],
};

/** What a fragment is a part of. */
function asDocument(fragment: Record<string, unknown>): Record<string, unknown> {
  if ('freezer_action' in fragment) return { job_actions: [fragment] };
  const schedule = Object.keys(fragment).every((key) => key.startsWith('schedule_'));
  return schedule ? { job_schedule: fragment } : fragment;
}

/** Commas that are missing at the end of a line, and those that are too many. */
function withCommas(text: string): string {
  return text.replace(/(["}\]\w])[ \t]*\n(\s*")/g, '$1,\n$2').replace(/,(\s*[}\]])/g, '$1');
}

/** One document of the seed, its holes filled. */
export interface SeedDocument {
  name: string;
  document: Record<string, unknown>;
}

function parse(name: string, text: string): SeedDocument {
  const filled = (HOLES[name] ?? []).reduce((left, [hole, json]) => {
    if (!left.includes(hole)) throw new Error(`"${name}" has no hole ${hole}.`);
    return left.replaceAll(hole, json);
  }, text);
  return { name, document: asDocument(JSON.parse(withCommas(`{${filled}}`))) };
}

/** Every document and fragment of the seed. */
export const SEED: readonly SeedDocument[] = readFileSync(
  new URL('./fixtures/freezer-jobs.txt', import.meta.url),
  'utf8',
)
  .split(/^=== /m)
  .slice(1)
  .map((section) => {
    const end = section.indexOf('\n');
    return parse(section.slice(0, end), section.slice(end + 1).trim());
  });

/** One document by its name. Throws when there is none. */
export function seed(name: string): Record<string, unknown> {
  const found = SEED.find((one) => one.name === name);
  if (!found) throw new Error(`The seed has no "${name}".`);
  return found.document;
}
