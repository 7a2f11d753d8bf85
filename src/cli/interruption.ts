import { EXIT } from './failure.js';

/** The part of a process that signals come to. */
export interface SignalSource {
  on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  exit(code: number): never;
}

/**
 * Ctrl-C for commands that end in order: the first one tells them, the second one ends the process. Listens only when
 * a command asks for the signal: the others are ended as the system does it, and servers listen themselves.
 */
export class Interruption {
  readonly #source: SignalSource;
  readonly #controller = new AbortController();
  #listens = false;

  constructor(source: SignalSource) {
    this.#source = source;
  }

  get signal(): AbortSignal {
    if (!this.#listens) {
      this.#listens = true;
      this.#source.on('SIGINT', () => this.#interrupt());
      this.#source.on('SIGTERM', () => this.#interrupt());
    }
    return this.#controller.signal;
  }

  get happened(): boolean {
    return this.#controller.signal.aborted;
  }

  #interrupt(): void {
    if (this.happened) this.#source.exit(EXIT.INTERRUPTED);
    this.#controller.abort();
  }
}
