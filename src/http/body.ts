import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';

/** The body cannot be taken; the status says why. */
export class BodyError extends Error {
  readonly status: 400 | 413 | 415;
  readonly code: 'BAD_REQUEST' | 'LIMIT_EXCEEDED';

  constructor(status: 400 | 413 | 415, message: string) {
    super(message);
    this.name = 'BodyError';
    this.status = status;
    this.code = status === 413 ? 'LIMIT_EXCEEDED' : 'BAD_REQUEST';
  }
}

const DECODERS = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

const tooLarge = (limit: number): BodyError =>
  new BodyError(413, `The request is larger than ${limit} bytes (after decompression).`);

/** The bytes as they come, at most `limit` of them. */
function collect(req: IncomingMessage, limit: number): Promise<Buffer> {
  const declared = Number(req.headers['content-length'] ?? 0);
  if (declared > limit) return Promise.reject(tooLarge(limit));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    req.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        req.pause();
        reject(tooLarge(limit));
      } else chunks.push(chunk);
    });
    req.on('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    req.on('error', () => reject(new BodyError(400, 'The request broke off.')));
  });
}

async function decode(bytes: Buffer, encoding: string, limit: number): Promise<Buffer> {
  const decoder = Object.entries(DECODERS).find(([name]) => name === encoding)?.[1];
  if (!decoder) throw new BodyError(415, `The content encoding "${encoding.slice(0, 50)}" is not known here.`);
  try {
    return await decoder(bytes, { maxOutputLength: limit });
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(limit);
    throw new BodyError(400, `The body is not ${encoding}.`);
  }
}

/** Reads a request's body, decompressed. Throws BodyError when it is over the limit, broken or in a strange encoding. */
export function readBody(req: IncomingMessage, limit: number): Promise<Buffer> {
  const encoding = req.headers['content-encoding']?.trim().toLowerCase();
  const bytes = collect(req, limit);
  if (encoding === undefined || encoding === '' || encoding === 'identity') return bytes;
  return bytes.then((raw) => decode(raw, encoding, limit));
}
