import { setTimeout as sleep } from 'node:timers/promises';
import { residentBytes } from './process-figures.js';

const ON_SIGNAL = `import v8 from 'node:v8'; import vm from 'node:vm';
v8.setFlagsFromString('--expose-gc'); const collect = vm.runInNewContext('gc'); process.on('SIGUSR2', () => collect());`;

/** The environment of a process whose memory is measured: it collects its garbage when it is asked to. */
export const COLLECTING = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(ON_SIGNAL)}` };

/** Less than this is noise, in bytes. */
const NOISE = 262_144;

/** Resident memory of such a process without its garbage, in bytes: once it has not shrunk for three seconds. */
export async function settledBytes(pid: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  let steady = 0;
  for (let tries = 0; steady < 3 && tries < 30; tries += 1) {
    process.kill(pid, 'SIGUSR2');
    await sleep(1_000);
    const now = residentBytes(pid);
    steady = now > least - NOISE ? steady + 1 : 0;
    least = Math.min(now, least);
  }
  return least;
}
