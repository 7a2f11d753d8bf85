// Completes package-lock.json after `npm install` against a registry that does not carry every platform's packages:
// npm then leaves them out of the lock, and `npm ci` refuses it. Each optional dependency that has no entry gets one,
// with the platform that its name tells. Run it after each change of the dependencies; it changes nothing else.
import { readFileSync, writeFileSync } from 'node:fs';

const PATH = 'package-lock.json';
const SYSTEMS = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'openbsd',
  'openharmony',
  'win32',
  'aix',
  'netbsd',
  'sunos',
  'wasi',
];
const PROCESSORS = { armv7: 'arm', gnueabihf: 'arm', musleabihf: 'arm', arm: 'arm', eabi: 'arm' };
const KNOWN = ['arm64', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'wasm32'];

/** The platform in a name such as `@rollup/rollup-linux-x64-musl`. */
function platform(name) {
  const parts = name.split(/[/-]/);
  const os = parts.find((part) => SYSTEMS.includes(part));
  const cpu = parts.find((part) => KNOWN.includes(part)) ?? parts.map((part) => PROCESSORS[part]).find(Boolean);
  const libc = os === 'linux' ? (parts.some((part) => part.startsWith('musl')) ? 'musl' : 'glibc') : null;
  return { ...(cpu ? { cpu: [cpu] } : {}), ...(libc ? { libc: [libc] } : {}), ...(os ? { os: [os] } : {}) };
}

const lock = JSON.parse(readFileSync(PATH, 'utf8'));
let added = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const nested = `${path}/node_modules/${name}`;
    const hoisted = `node_modules/${name}`;
    if (path === '' || lock.packages[nested] || lock.packages[hoisted] || !/^\d/.test(version)) continue;
    lock.packages[hoisted] = { version, ...platform(name), ...(entry.dev ? { dev: true } : {}), optional: true };
    added += 1;
  }
}
const packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
writeFileSync(PATH, `${JSON.stringify({ ...lock, packages }, null, 2)}\n`);
console.log(`${PATH}: ${added} optional packages added.`);
