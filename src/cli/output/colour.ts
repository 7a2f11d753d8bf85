const RED = 31;
const GREEN = 32;
const YELLOW = 33;
const CYAN = 36;
const GREY = 90;

/** What a word of state looks like. Colour only repeats what the word says. */
const COLOURS: Readonly<Record<string, number>> = {
  SUCCESS: GREEN,
  READY: GREEN,
  ONLINE: GREEN,
  ACTIVE: GREEN,
  FAIL: RED,
  FAILED: RED,
  PARKED: RED,
  UNASSIGNED: RED,
  BACKING_OFF: YELLOW,
  ERROR: RED,
  LOST: RED,
  MISSED: RED,
  RUNNING: CYAN,
  ABORTED: YELLOW,
  ABORTING: YELLOW,
  SKIPPED: YELLOW,
  WAITING: YELLOW,
  DRAINING: YELLOW,
  OVERDUE: YELLOW,
  TAKEOVER: YELLOW,
  OFFLINE: YELLOW,
  UNKNOWN: YELLOW,
  STOPPED: GREY,
  COMPLETED: GREY,
  REMOVED: GREY,
  REVOKED: GREY,
  EXPIRED: GREY,
};

/** Colours every word of state that stands alone in a line between two blanks or at an end. */
export function colourStates(line: string): string {
  return line.replace(/(?<=^| {2})([A-Z][A-Z_]{3,})(?= {2}|$)/g, (word) => {
    const colour = COLOURS[word];
    return colour === undefined ? word : `\x1b[${colour}m${word}\x1b[39m`;
  });
}

/** A heading. */
export function bold(line: string): string {
  return `\x1b[1m${line}\x1b[22m`;
}
