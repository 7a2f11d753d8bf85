import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

const SECONDS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 30];

/** What is asked of a store is not waited for longer, in milliseconds: the rest is told without it. */
const PATIENCE = 1_500;

/** A question without an answer is given up after so many milliseconds: its connection may lead into the void. */
const FORGOTTEN = 30_000;

/**
 * What `read` says, or a rejection when it takes too long. As long as one question may be answered no other is asked, or
 * a store that is frozen would have one more at each look.
 */
function patient<T>(read: () => T | Promise<T>): () => Promise<T> {
  let asked: { readonly answer: Promise<T>; readonly at: number } | undefined;
  const ask = (): Promise<T> => {
    if (asked && performance.now() - asked.at < FORGOTTEN) return asked.answer;
    const answer = Promise.resolve(read());
    const question = { answer, at: performance.now() };
    asked = question;
    const over = (): void => {
      if (asked === question) asked = undefined;
    };
    answer.then(over, over);
    return answer;
  };
  return async () => {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error('There was no answer in time.')), PATIENCE);
    });
    return Promise.race([ask(), tooLate]).finally(() => clearTimeout(timer));
  };
}

/** The numbers of one process, for Prometheus. Few histograms, no label that can grow. */
export class Metrics {
  readonly #registry = new Registry();

  /** `processMetrics` adds Node's own (memory, event loop, garbage collection). */
  constructor(options: { processMetrics: boolean }) {
    if (options.processMetrics) collectDefaultMetrics({ register: this.#registry, prefix: 'orrery_' });
  }

  /** A histogram of durations in seconds; the function returned takes one, with its labels' values. */
  duration<L extends string>(
    name: string,
    help: string,
    labels: readonly L[],
  ): (seconds: number, ...values: string[]) => void {
    const histogram = new Histogram({ name, help, labelNames: labels, buckets: SECONDS, registers: [this.#registry] });
    const children = new Map<string, { observe(seconds: number): void }>();
    return (seconds, ...values) => {
      const key = values.join(' ');
      let child = children.get(key);
      if (!child) {
        child = histogram.labels(...values);
        children.set(key, child);
      }
      child.observe(seconds);
    };
  }

  /** A number that only rises; the function returned adds one, with its labels' values. */
  counter<L extends string>(name: string, help: string, labels: readonly L[]): (...values: string[]) => void {
    const counter = new Counter({ name, help, labelNames: labels, registers: [this.#registry] });
    return (...values) => counter.labels(...values).inc();
  }

  /** A number that only rises; the function returned adds so many, with its labels' values. */
  total<L extends string>(
    name: string,
    help: string,
    labels: readonly L[],
  ): (amount: number, ...values: string[]) => void {
    const counter = new Counter({ name, help, labelNames: labels, registers: [this.#registry] });
    return (amount, ...values) => counter.labels(...values).inc(amount);
  }

  /**
   * A number that is asked when the metrics are read; NaN when that fails or takes longer than 1.5 s, so that the other
   * numbers are still told.
   */
  gauge(name: string, help: string, read: () => number | Promise<number>): void {
    const ask = patient(read);
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      async collect() {
        try {
          this.set(await ask());
        } catch {
          this.set(Number.NaN);
        }
      },
    });
  }

  /** The same for one number for each value of a label; those that are not told any more, or in time, are gone. */
  gauges(name: string, help: string, label: string, read: () => Promise<ReadonlyMap<string, number>>): void {
    const ask = patient(read);
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers: [this.#registry],
      async collect() {
        const found = await ask().catch(() => new Map<string, number>());
        this.reset();
        for (const [value, count] of found) this.set({ [label]: value }, count);
      },
    });
  }

  /** The media type of `text`. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything, in Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
