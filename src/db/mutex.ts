/** A first-come, first-served lock within this process. */
export class Mutex {
  #tail: Promise<void> = Promise.resolve();

  /** Runs `work` when everything queued before has ended; a failure of one does not stop the next. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#tail;
    let release: () => void = () => {};
    this.#tail = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    try {
      return await work();
    } finally {
      release();
    }
  }
}
