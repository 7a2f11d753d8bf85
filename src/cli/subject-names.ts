import type { ActivityLineFragment, OrrerySdk, SubjectsQuery } from '@orrery/sdk';
import type { NamedActivity } from './rows/activity.js';

type Subject = NonNullable<SubjectsQuery['nodes'][number]>;

/** What people call an object; null where it has no name of its own. */
function nameOf(subject: Subject): string | null {
  switch (subject.__typename) {
    case 'Job':
    case 'Client':
      return subject.key;
    case 'JobRun':
    case 'Deployment':
      return `${subject.name} ${subject.number}`;
    case 'Cluster':
      return subject.externalId;
    case 'ApiToken':
      return subject.name;
    case 'Service':
      return `${subject.host}/${subject.name}`;
    default:
      return null;
  }
}

/** The most ids that are asked for at once. */
const AT_ONCE = 500;

const ID = /^[a-z]+_[0-9a-f-]{36}$/;

/** Commands with the names of what they were done to. A command that was refused may name something itself. */
export async function withNames(sdk: OrrerySdk, activities: readonly ActivityLineFragment[]): Promise<NamedActivity[]> {
  const subjects = activities.flatMap(({ subject }) => (subject !== null && ID.test(subject) ? [subject] : []));
  const ids = [...new Set(subjects)];
  const names = new Map<string, string | null>();
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const { nodes } = await sdk.subjects({ ids: ids.slice(from, from + AT_ONCE) });
    for (const node of nodes) if (node) names.set(node.id, nameOf(node));
  }
  return activities.map((activity) => {
    const { subject } = activity;
    const own = subject !== null && !ID.test(subject) ? subject : null;
    return { ...activity, name: names.get(subject ?? '') ?? own };
  });
}
