/** How a part of the server is. `DEGRADED`: works, but slower or with less; `DOWN`: work that needs it fails. */
export type PartState = 'UP' | 'DEGRADED' | 'DOWN';

export interface PartHealth {
  name: string;
  state: PartState;
  /** For people: what is wrong; null while it is up. No secrets, no addresses with passwords. */
  detail: string | null;
}

/** Asks a part how it is, when somebody wants to know. */
export type Probe = () => Promise<PartHealth['state'] | { state: PartState; detail: string }>;

const PROBE_TIMEOUT_MS = 2_000;

/** What a probe says, or DOWN when it fails or does not answer in time. */
async function ask(name: string, probe: Probe): Promise<PartHealth> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<'DOWN'>((resolve) => {
    timer = setTimeout(() => resolve('DOWN'), PROBE_TIMEOUT_MS);
  });
  try {
    const found = await Promise.race([probe(), tooLate]);
    if (typeof found === 'string') return { name, state: found, detail: found === 'UP' ? null : 'does not answer' };
    return { name, ...found };
  } catch {
    return { name, state: 'DOWN', detail: 'does not answer' };
  } finally {
    clearTimeout(timer);
  }
}

/** The one registry that every part reports its state to. */
export class Health {
  readonly #reported = new Map<string, PartHealth>();
  readonly #probes = new Map<string, Probe>();
  #ready = false;

  /** A part says how it is; the last word counts. */
  report(name: string, state: PartState, detail: string | null = null): void {
    this.#reported.set(name, { name, state, detail });
  }

  /** Registers a probe, which is asked at each check. Returns the function that takes it away. */
  probe(name: string, probe: Probe): () => void {
    this.#probes.set(name, probe);
    return () => this.#probes.delete(name);
  }

  /** The server takes work from now on, or no longer (it starts or stops). */
  setReady(ready: boolean): void {
    this.#ready = ready;
  }

  /** How every part is, and whether work should be sent here: the server has started and no part is down. */
  async check(): Promise<{ ready: boolean; parts: PartHealth[] }> {
    const probed = await Promise.all([...this.#probes].map(([name, probe]) => ask(name, probe)));
    const parts = [...this.#reported.values(), ...probed].sort((a, b) => (a.name < b.name ? -1 : 1));
    return { ready: this.#ready && parts.every((part) => part.state !== 'DOWN'), parts };
  }
}
