import type { SchedulerLog } from './metrics.js';
import type { RunningService, SeenService, ServiceRegistry } from './registry.js';
import { type Timers, within } from './timers.js';

export interface SilentServicesOptions {
  readonly service: RunningService;
  readonly registry: Pick<ServiceRegistry, 'declareFailed'>;
  readonly log: SchedulerLog;
  readonly timers: Timers;
  /** How many milliseconds the declarations of one look may take before they count as failed. */
  readonly patience: number;
}

/**
 * Has services that fell silent declared FAILED; whoever notices first decides. No look waits for it: their shards are
 * free by their leases, whatever is said of the service, and what had become of its work may take a while.
 */
export class SilentServices {
  readonly #options: SilentServicesOptions;
  #running: Promise<void> | undefined;
  #failing = false;

  constructor(options: SilentServicesOptions) {
    this.#options = options;
  }

  /** Acts on what a look found, unless it still does on an earlier one. */
  consider(services: readonly SeenService[]): void {
    const silent = services.filter(({ id, heard }) => !heard && id !== this.#options.service.id);
    if (silent.length === 0 || this.#running) return;
    this.#running = this.#safely(silent.map(({ id }) => id)).finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves when nothing is being declared. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #safely(ids: readonly string[]): Promise<void> {
    const { timers, patience, log } = this.#options;
    try {
      await within(timers, patience, this.#declare(ids));
      this.#failing = false;
    } catch (error) {
      if (!this.#failing)
        log.warn('A service that fell silent could not be declared FAILED; it is tried again.', error);
      this.#failing = true;
    }
  }

  async #declare(ids: readonly string[]): Promise<void> {
    const { registry, log } = this.#options;
    for (const id of ids) {
      if (await registry.declareFailed(id)) log.warn(`The service ${id} fell silent: it is FAILED.`);
    }
  }
}
