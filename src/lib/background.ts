/** Work beside the work: one piece after the other, ended with its owner. */
export class Background {
  readonly #ending = new AbortController();
  readonly #onFault: (error: unknown) => void;
  #underWay: Promise<void> = Promise.resolve();

  /** `onFault` hears of pieces that failed; those after them run all the same. */
  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  /** Runs a piece after those before it. It ends early when its signal aborts; after `stop` it does not begin. */
  run(piece: (signal: AbortSignal) => Promise<void>): void {
    const { signal } = this.#ending;
    this.#underWay = this.#underWay
      .then(() => (signal.aborted ? undefined : piece(signal)))
      .catch((error: unknown) => this.#onFault(error));
  }

  /** Resolves when everything that was given has ended. */
  settled(): Promise<void> {
    return this.#underWay;
  }

  /** Ends the piece under way, and waits for it. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#underWay;
  }
}
