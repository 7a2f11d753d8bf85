// Preloaded into a server (node --import .../clock-shift.mjs?ms=3600000): its host's clock is so many milliseconds ahead.
// Timers and performance.now() are not touched: setting a clock does not make time run faster.
const ahead = Number(new URL(import.meta.url).searchParams.get('ms'));
const HostDate = globalThis.Date;
const now = () => HostDate.now() + ahead;

globalThis.Date = new Proxy(HostDate, {
  construct: (target, given) => (given.length === 0 ? new target(now()) : new target(...given)),
  apply: () => new HostDate(now()).toString(),
  get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
});
