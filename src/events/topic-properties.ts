import type { Topic } from './topics.js';

/** What the live hub may do with a topic's facts. */
export interface TopicProperties {
  /**
   * A fact tells the whole state of its subject, so a slow reader may be given the latest one of each subject. Where
   * every single fact counts (orders, records) the reader is ended instead, and resumes from its cursor.
   */
  readonly mergeable: boolean;
}

export const TOPIC_PROPERTIES: Readonly<Record<Topic, TopicProperties>> = {
  jobStatusChanged: { mergeable: true },
  runChanged: { mergeable: true },
  runAssigned: { mergeable: false },
  jobStale: { mergeable: true },
  clientChanged: { mergeable: true },
  transactionChanged: { mergeable: true },
  taskHistoryChanged: { mergeable: false },
  clusterChanged: { mergeable: true },
  serviceStateChanged: { mergeable: true },
  shardMoved: { mergeable: false },
  activityRecorded: { mergeable: false },
};
