import type { Terminal } from '../terminal.js';
import { clipText, shown } from './text.js';

const BAR = 24;
const CLEAR = '\r\x1b[2K';

/** A bar of a part from 0 to 1. */
function bar(part: number): string {
  const full = Math.round(Math.min(1, Math.max(0, part)) * BAR);
  return `[${'#'.repeat(full)}${'-'.repeat(BAR - full)}]`;
}

/** One line on standard error that is drawn again and again while something takes long; nothing in pipes. */
export interface Progress {
  /** `part` from 0 to 1; null when nobody knows. */
  show(part: number | null, text: string): void;
  /** Writes lines above the bar. */
  above(write: () => void): void;
  /** Takes the line away. */
  clear(): void;
}

/** A progress line, which is silent where no person watches. */
export function progressOn(terminal: Terminal): Progress {
  let line = '';
  const draw = (): void => {
    if (terminal.progress && line !== '') terminal.err(CLEAR + clipText(line, terminal.width - 1));
  };
  const erase = (): void => {
    if (terminal.progress && line !== '') terminal.err(CLEAR);
  };
  return {
    show: (part, text) => {
      line =
        part === null ? shown(text) : `${bar(part)} ${String(Math.floor(part * 100)).padStart(3)} %  ${shown(text)}`;
      draw();
    },
    above: (write) => {
      erase();
      write();
      draw();
    },
    clear: () => {
      erase();
      line = '';
    },
  };
}
