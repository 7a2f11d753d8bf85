import type { Terminal } from '../terminal.js';

/** A part of the terminal that is drawn again in place. */
export class Screen {
  readonly #terminal: Terminal;
  #drawn = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Draws lines in the place of those drawn before; what does not fit the terminal's height is counted instead. */
  draw(lines: readonly string[]): void {
    const room = Math.max(2, this.#terminal.height - 2);
    const fitting = lines.length <= room ? lines : [...lines.slice(0, room - 1), `... ${lines.length - room + 1} more`];
    const back = this.#drawn > 0 ? `\x1b[${this.#drawn}A\r\x1b[J` : '';
    this.#terminal.out(`${back}${fitting.join('\n')}\n`);
    this.#drawn = fitting.length;
  }
}
