/** What a reporter says of a deployment itself. */
export interface Word {
  /** 0..100; null: nothing was said of it. */
  readonly percent: number | null;
  /** A line for people; null: none. */
  readonly message: string | null;
  /** When, in epoch milliseconds: the latest instant of what is reported with it. */
  readonly at: number;
  /** The id of the report. */
  readonly by: string;
}

/** What the words about a deployment come to. */
interface Said {
  /** 0..100 */
  readonly progress: number;
  readonly message: string | null;
  /** When the message was said, in epoch milliseconds, and in which report. */
  readonly messageAt: number | null;
  readonly messageBy: string | null;
}

function isLater(word: Pick<Word, 'at' | 'by'>, { messageAt, messageBy }: Said): boolean {
  if (messageAt === null || messageBy === null) return true;
  return word.at === messageAt ? word.by > messageBy : word.at > messageAt;
}

/** What the words about a deployment have come to, as its row keeps it. */
export const saidOf = ({ progress, message, messageAt, messageBy }: Said): Said => ({
  progress,
  message,
  messageAt,
  messageBy,
});

/**
 * What is said after one more word (the same object where that is no news): the furthest progress counts, and the latest
 * message (of two of one instant that of the greater report id). So neither the order of words nor their repetition
 * matters.
 */
export function afterWord(said: Said, { percent, message, at, by }: Word): Said {
  const further = percent === null || percent <= said.progress ? said : { ...said, progress: percent };
  if (message === null || !isLater({ at, by }, said)) return further;
  return { ...further, message, messageAt: at, messageBy: by };
}
