import type { RunEnd, RunWorker } from './run-worker.js';

interface Parts {
  readonly makeWorker: (runId: string) => RunWorker;
  /** Runs that are carried out at once. */
  readonly most: number;
  /** Told what became of a run. */
  readonly onEnd: (end: RunEnd) => void;
  /** Told when a worker failed in a way that ends the agent. */
  readonly onFailure: (error: unknown) => void;
}

/** The runs of one agent: each is carried out once, so many at a time, the others wait. */
export class RunPool {
  readonly #parts: Parts;
  readonly #active = new Map<string, RunWorker>();
  /** Runs that were offered again while a worker still had them. */
  readonly #again = new Set<string>();
  readonly #waiting = new Set<string>();
  #closing: string | null = null;
  #onIdle: (() => void)[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Carries a run out when there is room. One that is here already is not taken twice. */
  offer(runId: string): void {
    if (this.#active.has(runId)) this.#again.add(runId);
    else this.#waiting.add(runId);
    this.#fill();
  }

  /** Goes on with a run that this agent has already, whether there is room or not. */
  resume(runId: string): void {
    if (this.#closing === null && !this.#active.has(runId)) this.#begin(runId);
  }

  /** Ends a run by the server's order. */
  abort(runId: string): void {
    this.#active.get(runId)?.abort();
  }

  /** Takes no more runs; those that are carried out begin no further attempt. */
  close(reason: string): void {
    this.#closing ??= reason;
    this.#waiting.clear();
    for (const worker of this.#active.values()) worker.close(reason);
  }

  /** Ends the attempts under way. */
  cut(reason: string): void {
    this.close(reason);
    for (const worker of this.#active.values()) worker.cut(reason);
  }

  get size(): number {
    return this.#active.size;
  }

  /** Resolves when nothing is carried out. */
  async idle(): Promise<void> {
    while (this.#active.size > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  #fill(): void {
    if (this.#closing !== null) return;
    for (const runId of this.#waiting) {
      if (this.#active.size >= this.#parts.most) return;
      this.#waiting.delete(runId);
      this.#begin(runId);
    }
  }

  #begin(runId: string): void {
    const worker = this.#parts.makeWorker(runId);
    this.#active.set(runId, worker);
    void worker
      .run()
      .then(this.#parts.onEnd, this.#parts.onFailure)
      .finally(() => this.#ended(runId));
  }

  #ended(runId: string): void {
    this.#active.delete(runId);
    if (this.#again.delete(runId) && this.#closing === null) this.#waiting.add(runId);
    this.#fill();
    if (this.#active.size > 0) return;
    const waiting = this.#onIdle;
    this.#onIdle = [];
    for (const resolve of waiting) resolve();
  }
}
