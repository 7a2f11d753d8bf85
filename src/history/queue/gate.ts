/** Lets much through at once, or one thing alone; whoever came first goes first. */
export class Gate {
  /** What went through by the way of many since something went alone. */
  #together: Promise<unknown>[] = [];
  /** Ends with what goes alone, and with all before it. */
  #alone: Promise<unknown> = Promise.resolve();

  /** Does the work once all that was to go alone before it is over. */
  together(work: () => Promise<void>): Promise<void> {
    const done = this.#alone.then(work);
    const settled = done.catch(() => {});
    this.#together.push(settled);
    void settled.then(() => {
      this.#together = this.#together.filter((one) => one !== settled);
    });
    return done;
  }

  /** Does the work while nothing else is done: after all that came before it, and before all that comes later. */
  alone(work: () => Promise<void>): Promise<void> {
    const done = Promise.all([this.#alone, ...this.#together]).then(work);
    this.#alone = done.catch(() => {});
    this.#together = [];
    return done;
  }
}
