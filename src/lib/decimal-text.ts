const THOUSANDS = Array.from({ length: 1_000 }, (_, value) => String(value).padStart(3, '0'));

const MILLION = 1_000_000;
const LEAST = 1_000 * MILLION;
const MOST = LEAST * MILLION;

/** The millions of the number before, and their text: the instants of a list are alike in them. */
let last = { millions: 0, text: '0' };

/**
 * A number as `String` writes it, instants in a fraction of the time: V8 writes what is above 2^31 by its way for
 * fractions.
 */
export function decimalText(value: number): string {
  if (!(value >= LEAST && value < MOST) || !Number.isInteger(value)) return String(value);
  const millions = Math.floor(value / MILLION);
  if (millions !== last.millions) last = { millions, text: String(millions) };
  const rest = value - millions * MILLION;
  const thousands = Math.floor(rest / 1_000);
  return `${last.text}${THOUSANDS[thousands]}${THOUSANDS[rest - thousands * 1_000]}`;
}
