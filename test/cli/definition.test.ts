import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyFrom } from '../../src/cli/commands/job-create.js';
import { assignment } from '../../src/cli/definition/action-change.js';
import { actionOf } from '../../src/cli/definition/action-flags.js';
import { cronFields, crontabDays } from '../../src/cli/definition/crontab.js';
import { parseObject } from '../../src/cli/definition/document.js';
import { scheduleOf } from '../../src/cli/definition/schedule-flags.js';
import { lengthOf } from '../../src/cli/instant-option.js';

const NAMES = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const place = { directory: '/srv/here', container: '/home/me/orrery-backups' };

describe('a crontab', () => {
  it('counts weekdays from Sunday, with 7 a Sunday too', () => {
    expect(crontabDays('0')).toBe('sun');
    expect(crontabDays('7')).toBe('sun');
    expect(crontabDays('1-5')).toBe('mon,tue,wed,thu,fri');
    expect(crontabDays('5-7')).toBe('sun,fri,sat');
    expect(crontabDays('0-7')).toBe(NAMES.join(','));
    expect(crontabDays('fri-mon')).toBe('sun,mon,fri,sat');
    expect(crontabDays('*/2')).toBe('sun,tue,thu,sat');
    expect(crontabDays('1-5/2')).toBe('mon,wed,fri');
    expect(crontabDays('*')).toBe('*');
  });

  it('names exactly the days of a list of numbers', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 }), (days) => {
        expect(crontabDays(days.join(','))).toBe(NAMES.filter((_, day) => days.includes(day)).join(','));
      }),
    );
  });

  it('becomes the fields that it restricts', () => {
    expect(cronFields('25 3 * * mon-fri')).toEqual({ minute: '25', hour: '3', dayOfWeek: 'mon,tue,wed,thu,fri' });
    expect(cronFields('* * * * *')).toEqual({ minute: '*' });
    expect(cronFields('hour=3 minute=25 day=last fri')).toEqual({ hour: '3', minute: '25', day: 'last fri' });
    expect(cronFields('day_of_week=0-4')).toEqual({ dayOfWeek: '0-4' });
  });

  it('is refused where it would mean something else here, or nothing', () => {
    expect(() => cronFields('0 0 13 * 5')).toThrow(/runs on either/);
    expect(() => cronFields('1 2 3')).toThrow(/neither five fields/);
    expect(() => cronFields('minutes=3')).toThrow(/is no field/);
    expect(() => cronFields('0 0 * * 8')).toThrow(/no day of the week/);
    expect(() => cronFields('0 0 * * 1/0')).toThrow(/no whole step/);
  });
});

describe('flags', () => {
  it('say a schedule', () => {
    expect(scheduleOf({ every: '1d', timezone: 'Europe/Berlin' })).toEqual({
      interval: { every: '1d', timezone: 'Europe/Berlin', start: undefined, end: undefined },
    });
    expect(scheduleOf({ at: '2026-12-01T02:00:00.000Z' })).toEqual({
      date: { at: '2026-12-01T02:00:00.000Z', timezone: undefined },
    });
    expect(scheduleOf({})).toBeUndefined();
  });

  it('say a backup with paths as the agent finds them', () => {
    expect(actionOf({ backup: 'docs', maxLevel: 6, exclude: ['*.tmp'] }, place)?.freezerAction).toEqual({
      action: 'backup',
      mode: 'fs',
      storage: 'local',
      container: '/home/me/orrery-backups',
      backup_name: 'docs',
      path_to_backup: '/srv/here/docs',
      max_level: 6,
      exclude: '*.tmp',
    });
    expect(actionOf({ backup: '~/docs' }, place)?.freezerAction.path_to_backup).toBe('~/docs');
    expect(actionOf({ backup: '/' }, place)?.freezerAction.backup_name).toBe('root');
  });

  it('say a restore and a command', () => {
    expect(actionOf({ restore: 'docs', to: 'out' }, place)?.freezerAction).toEqual({
      action: 'restore',
      mode: 'fs',
      storage: 'local',
      container: '/home/me/orrery-backups',
      backup_name: 'docs',
      restore_abs_path: '/srv/here/out',
    });
    expect(() => actionOf({ restore: 'docs' }, place)).toThrow(/--to/);
    expect(actionOf({ exec: 'df -h', retries: 2 }, place)).toMatchObject({
      freezerAction: { action: 'exec', command: 'df -h' },
      maxRetries: 2,
    });
    expect(actionOf({}, place)).toBeNull();
  });

  it('say lengths of time', () => {
    expect(lengthOf('90s')).toBe(90_000);
    expect(lengthOf('2w')).toBe(14 * 86_400_000);
    expect(lengthOf('1 day')).toBeNull();
  });

  it('say parameters, as JSON where they are JSON', () => {
    expect(assignment('max_level=7')).toEqual(['max_level', 7]);
    expect(assignment('exclude=*.tmp')).toEqual(['exclude', '*.tmp']);
    expect(assignment('a=b=c')).toEqual(['a', 'b=c']);
    expect(() => assignment('=7')).toThrow(/a name and a value/);
  });

  it('make a key that the API takes from any name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        const key = keyFrom(name);
        if (key !== undefined) expect(key).toMatch(/^[\w-]{1,64}$/);
      }),
    );
    expect(keyFrom('my docs (2026)')).toBe('my-docs-2026');
    expect(keyFrom('...')).toBeUndefined();
  });
});

describe('a job document', () => {
  it('is read from JSON and from YAML', () => {
    expect(parseObject('{\n\t"job": {"description": "d"}}', 'job.json', 'a job document')).toEqual({
      job: { description: 'd' },
    });
    expect(parseObject('job:\n  description: d\n', 'job.yaml', 'a job document')).toEqual({
      job: { description: 'd' },
    });
  });

  it('is refused with the place of the fault', () => {
    expect(() => parseObject('{"job": {"a": 1,, }}', 'job.json', 'a job document')).toThrow(
      /job\.json .*line 1, column \d+/s,
    );
    expect(() => parseObject('[1]', 'job.json', 'a job document')).toThrow(/does not hold a job document/);
  });
});
