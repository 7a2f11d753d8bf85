import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '../../src/lib/errors.js';
import { type CronInput, cronSchedule } from '../../src/schedule/build.js';
import { nextFires } from '../../src/schedule/next.js';

/** The due times after 1 January 2026, as `MM-DD HH:MM:SS` in UTC. */
function fires(input: CronInput, count: number): string[] {
  const { schedule } = cronSchedule(input);
  const texts = nextFires(schedule, Date.UTC(2026, 0, 1), count).map((at) => new Date(at).toISOString());
  return texts.map((text) => text.slice(5, 19).replace('T', ' '));
}

/** What is said of a faulty input. */
function faults(input: CronInput): string[] {
  try {
    cronSchedule(input);
  } catch (error) {
    if (error instanceof InvalidInputError) return error.issues.map(({ message }) => message);
    throw error;
  }
  throw new Error('The input was taken.');
}

describe('the field grammar', () => {
  it.each<[string, CronInput, string[]]>([
    ['*', { hour: '*' }, ['01-01 01:00:00', '01-01 02:00:00']],
    ['a', { hour: '7' }, ['01-01 07:00:00', '01-02 07:00:00']],
    ['a number', { hour: 7 }, ['01-01 07:00:00', '01-02 07:00:00']],
    ['a with a leading zero', { hour: '03', minute: '25' }, ['01-01 03:25:00', '01-02 03:25:00']],
    ['a-b', { hour: '7-8' }, ['01-01 07:00:00', '01-01 08:00:00', '01-02 07:00:00']],
    [
      'a-b/n',
      { minute: '10-40/15', hour: 5 },
      ['01-01 05:10:00', '01-01 05:25:00', '01-01 05:40:00', '01-02 05:10:00'],
    ],
    ['a/n, up to the maximum', { second: '50/5' }, ['01-01 00:00:50', '01-01 00:00:55', '01-01 00:01:50']],
    ['*/n', { hour: '*/9' }, ['01-01 09:00:00', '01-01 18:00:00', '01-02 00:00:00']],
    ['*/n of days starts at the 1st', { day: '*/15' }, ['01-16 00:00:00', '01-31 00:00:00', '02-01 00:00:00']],
    ['a list', { hour: '7,9' }, ['01-01 07:00:00', '01-01 09:00:00', '01-02 07:00:00']],
    ['a list with blanks', { hour: ' 7 , 9-10 ' }, ['01-01 07:00:00', '01-01 09:00:00', '01-01 10:00:00']],
    ['a month name', { month: 'Mar' }, ['03-01 00:00:00', '03-01 00:00:00']],
    ['month names', { month: 'mar-apr,DEC' }, ['03-01 00:00:00', '04-01 00:00:00', '12-01 00:00:00']],
    ['weekday numbers from Monday', { dayOfWeek: '0' }, ['01-05 00:00:00', '01-12 00:00:00']],
    ['weekday names', { dayOfWeek: 'sat-sun' }, ['01-03 00:00:00', '01-04 00:00:00', '01-10 00:00:00']],
    ['the last day', { day: 'last' }, ['01-31 00:00:00', '02-28 00:00:00', '03-31 00:00:00']],
    ['the second Friday', { day: '2nd fri' }, ['01-09 00:00:00', '02-13 00:00:00']],
    ['a fifth Monday, where there is one', { day: '5th  MON' }, ['03-30 00:00:00', '06-29 00:00:00']],
    ['the last Friday', { day: 'last fri' }, ['01-30 00:00:00', '02-27 00:00:00']],
    ['days of all sorts', { day: '13, last, 1st tue' }, ['01-06 00:00:00', '01-13 00:00:00', '01-31 00:00:00']],
    ['the 31st, in long months alone', { day: 31 }, ['01-31 00:00:00', '03-31 00:00:00', '05-31 00:00:00']],
    ['an ISO week', { week: 2 }, ['01-05 00:00:00', '01-06 00:00:00']],
    ['fields that are ANDed', { day: 13, dayOfWeek: 'fri' }, ['02-13 00:00:00', '03-13 00:00:00', '11-13 00:00:00']],
    ['0-0/n, which APScheduler takes', { minute: '0-0/5', hour: 4 }, ['01-01 04:00:00', '01-02 04:00:00']],
  ])('reads %s', (_, input, expected) => {
    expect(fires(input, expected.length)).toEqual(expected);
  });

  it.each<[string, CronInput, RegExp]>([
    ['a value beyond the range', { hour: '24' }, /^hour: "24" is out of range: hours are 0 to 23\.$/],
    ['a value below the range', { day: '0' }, /^day: "0" is out of range: days are 1 to 31\.$/],
    ['a range beyond the range', { minute: '50-60' }, /"50-60" is out of range/],
    ['Sunday as 7', { dayOfWeek: '7' }, /weekdays are 0 to 6 \(0 = Monday, 6 = Sunday\)/],
    ['a backward range', { hour: '22-2' }, /"22-2" runs backwards; write two values, such as "22-23,0-2"/],
    ['backward names', { dayOfWeek: 'sat-mon' }, /runs backwards; write two values, such as "sat-sun,mon"/],
    ['a step of 0', { minute: '*/0' }, /"\*\/0" has a step of 0/],
    [
      'a step wider than the field',
      { minute: '*/60' },
      /"\*\/60" has a step that is wider .* the most it can be is 59/,
    ],
    ['a step wider than its range', { hour: '8-10/3' }, /the most it can be is 2/],
    ['a step on one value', { hour: '23/1' }, /the most it can be is 0/],
    ['an empty place', { hour: '1,,2' }, /has an empty place in its list/],
    ['an empty text', { hour: '' }, /has an empty place in its list/],
    [
      'a name where there are none',
      { hour: 'noon' },
      /"noon" is not understood; write "\*", "\*\/n", or numbers from 0 to 23/,
    ],
    ['an unknown month', { month: 'january' }, /"january" is not a month; the names are jan, feb/],
    ['an unknown weekday', { dayOfWeek: 'friday' }, /"friday" is not a weekday; the names are mon, tue/],
    ['a step after names', { dayOfWeek: 'mon-fri/2' }, /"mon-fri\/2" is not understood/],
    ['names without a comma', { dayOfWeek: 'mon fri' }, /"mon fri" is not understood/],
    ['a range of number and name', { month: '1-mar' }, /"1-mar" is not understood/],
    ['an unknown weekday of the month', { day: '2nd friday' }, /needs the name of a weekday after 2nd: mon/],
    ['a number for it', { day: '2nd 4' }, /needs the name of a weekday after 2nd/],
    ['a sixth one', { day: '6th fri' }, /"6th fri" is not understood/],
    ['more after last', { day: 'last day' }, /needs the name of a weekday after last/],
    [
      'weekdays among days',
      { day: '15, fri' },
      /"fri" is not understood.*weekday names alone go into the weekday field/,
    ],
    ['weekdays as days', { day: 'mon, fri' }, /names weekdays; they go into dayOfWeek/],
    ['a fraction', { hour: 1.5 }, /"1.5" is not understood/],
    ['a negative number', { hour: -1 }, /"-1" is not understood/],
    ['a year before 1970', { year: 1969 }, /years are 1970 to 9999/],
    ['a text without end', { minute: '1,'.repeat(400) }, /is longer than 500 characters/],
  ])('refuses %s', (_, input, message) => {
    const found = faults(input);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(message);
  });

  it('names every fault at once', () => {
    expect(
      faults({ hour: '24,x', minute: '60', timezone: 'Mars/Olympus', start: 'soon', end: '2026-02-30' }),
    ).toHaveLength(6);
  });

  it('refuses a schedule without a field', () => {
    expect(faults({ timezone: 'UTC' })[0]).toMatch(/needs at least one of its fields: year, month/);
  });
});
