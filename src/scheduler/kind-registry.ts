import type { Kind } from './kinds.js';

/** The kinds that this process knows. Rows of any other kind are left to the engines that know it. */
export class KindRegistry {
  readonly #kinds = new Map<string, Kind>();

  /** Throws when the kind is registered already: that is a bug in the wiring. */
  add(kind: Kind): void {
    if (this.#kinds.has(kind.kind)) throw new Error(`The kind "${kind.kind}" of background job is registered twice.`);
    this.#kinds.set(kind.kind, kind);
  }

  find(name: string): Kind | undefined {
    return this.#kinds.get(name);
  }

  /** Throws for a kind that is not registered. */
  get(name: string): Kind {
    const kind = this.#kinds.get(name);
    if (!kind) throw new Error(`No kind "${name}" of background job is registered.`);
    return kind;
  }

  get names(): string[] {
    return [...this.#kinds.keys()];
  }

  get all(): readonly Kind[] {
    return [...this.#kinds.values()];
  }
}
