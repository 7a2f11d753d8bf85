import type { SchedulePartsFragment } from '@orrery/sdk';

function inZone(text: string, timezone: string): string {
  return timezone === 'UTC' ? text : `${text} (${timezone})`;
}

/** A schedule in a few words: `every 1 days`, `hour=3 minute=25 (Europe/Berlin)`, `once`. */
export function scheduleText(schedule: SchedulePartsFragment): string {
  switch (schedule.__typename) {
    case 'NoSchedule':
      return 'once';
    case 'DateSchedule':
      return `at ${schedule.at}`;
    case 'IntervalSchedule':
      return schedule.every === 'continuous' ? 'continuous' : `every ${schedule.every}`;
    case 'CronSchedule': {
      const fields = Object.entries(schedule.fields).filter(([name, value]) => name !== '__typename' && value !== null);
      return inZone(fields.map(([name, value]) => `${name}=${value}`).join(' '), schedule.timezone);
    }
  }
}
