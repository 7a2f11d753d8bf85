import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Makes random bytes. Injected, so that tests can pin them. */
export type RandomSource = (size: number) => Buffer;

/** The operating system's random numbers. */
export const systemRandom: RandomSource = (size) => randomBytes(size);

const SECRET_BYTES = 32;
const TOKEN = /^orr_([0-9a-f]{32})_([A-Za-z0-9_-]{43})([0-9a-f]{8})$/;

/** 256 random bits as 43 characters that need no quoting in a URL, a header or a shell. */
export const makeSecret = (random: RandomSource): string => random(SECRET_BYTES).toString('base64url');

/** What is stored of a secret. It has 256 random bits, so a slow hash would add nothing. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** Compares a secret with a stored hash in constant time. */
export function secretFits(secret: string, storedHash: string): boolean {
  const given = Buffer.from(hashSecret(secret), 'hex');
  const stored = Buffer.from(storedHash, 'hex');
  return given.length === stored.length && timingSafeEqual(given, stored);
}

const checksum = (body: string): string => crc32(body).toString(16).padStart(8, '0');

const uuidOf = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;

/**
 * The text of a token, `orr_<id>_<secret><checksum>`: the prefix and the checksum let scanners find leaked tokens, and
 * let the server refuse a mistyped one without asking the database. `id` is a token's id (`token_<uuid>`).
 */
export function formatToken(id: string, secret: string): string {
  const body = `orr_${id.slice(id.indexOf('_') + 1).replaceAll('-', '')}_${secret}`;
  return body + checksum(body);
}

/** The id and the secret in a token's text; null when it is not one of ours or was mistyped. */
export function parseToken(text: string): { id: string; secret: string } | null {
  const match = TOKEN.exec(text);
  const [, hex, secret, sum] = match ?? [];
  if (hex === undefined || secret === undefined || checksum(text.slice(0, -8)) !== sum) return null;
  return { id: `token_${uuidOf(hex)}`, secret };
}
