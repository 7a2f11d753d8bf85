import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseScheduleDocument } from '../../src/schedule/parse.js';

const guide = readFileSync(new URL('../../docs/schedules.md', import.meta.url), 'utf8');
const examples = [...guide.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) => text ?? '');

it.each(examples)("the guide's example is a schedule: %s", (text) => {
  expect(parseScheduleDocument(JSON.parse(text), { createdAt: 0 })).toMatchObject({ warnings: [] });
});

it('the guide has an example of each kind', () => {
  const kinds = examples.map((text) => parseScheduleDocument(JSON.parse(text), { createdAt: 0 }).schedule.kind);
  expect(new Set(kinds)).toEqual(new Set(['date', 'interval', 'cron']));
});
