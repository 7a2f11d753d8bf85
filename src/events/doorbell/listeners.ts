/**
 * Who listens in this process. Rings of one turn of the event loop are told once, and never within the ringer's own
 * call: a listener's failure or slowness is not the ringer's.
 */
export class Listeners {
  readonly #byChannel = new Map<string, Set<() => void>>();
  readonly #rung = new Set<string>();
  #turn: NodeJS.Immediate | undefined;

  /** Returns how to stop, and whether it is the channel's first listener. */
  add(channel: string, look: () => void): { first: boolean; remove: () => boolean } {
    const existing = this.#byChannel.get(channel);
    const set = existing ?? new Set();
    // A function of its own for each call, so that one function may listen twice.
    const entry = (): void => look();
    set.add(entry);
    if (!existing) this.#byChannel.set(channel, set);
    return { first: !existing, remove: () => this.#remove(channel, set, entry) };
  }

  /** Whether the channel has no listener left. */
  #remove(channel: string, set: Set<() => void>, entry: () => void): boolean {
    const last = set.delete(entry) && set.size === 0;
    if (last && this.#byChannel.get(channel) === set) this.#byChannel.delete(channel);
    return last;
  }

  channels(): string[] {
    return [...this.#byChannel.keys()];
  }

  tell(channel: string): void {
    if (!this.#byChannel.has(channel)) return;
    this.#rung.add(channel);
    this.#turn ??= setImmediate(() => this.#flush());
  }

  tellAll(): void {
    for (const channel of this.#byChannel.keys()) this.tell(channel);
  }

  #flush(): void {
    this.#turn = undefined;
    const rung = [...this.#rung];
    this.#rung.clear();
    for (const channel of rung) {
      for (const look of [...(this.#byChannel.get(channel) ?? [])]) look();
    }
  }

  clear(): void {
    this.#byChannel.clear();
    this.#rung.clear();
    if (this.#turn) clearImmediate(this.#turn);
    this.#turn = undefined;
  }
}
