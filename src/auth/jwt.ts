import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { clip } from '../lib/clip.js';
import { shownInstant } from '../lib/iso-text.js';
import { isName, nameForm, storable } from '../lib/names.js';
import { ROLES, type Role } from './actor.js';
import { type Grant, grantFault, isRole } from './grant.js';
import { type Identity, type Refusal, refuse } from './identity.js';

/** How tokens of an identity provider are checked and read. */
export interface JwtOptions {
  jwksUrl: string;
  issuer: string;
  audience: string;
  /** Paths of claims; dots go into objects (`realm_access.roles`). */
  rolesClaim: string;
  projectClaim: string;
  clientClaim: string;
  nameClaim: string;
  /** Left out of each role before it is compared: `orrery:` makes `orrery:member` the role MEMBER. */
  rolePrefix: string;
}

/** Only public-key algorithms: a shared secret or `none` would let whoever can read the configuration forge tokens. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
/** A token is good for so much longer than it says: the provider's clock and ours may differ. */
const CLOCK_TOLERANCE_S = 30;
const JWKS_TIMEOUT_MS = 5_000;

/** Whether a text has the form of a signed JWT. */
export const looksLikeJwt = (text: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text);

/** A claim by its path. A claim whose name itself has dots (`https://example/roles`) wins. */
function claimAt(payload: JWTPayload, path: string): unknown {
  if (path in payload) return payload[path];
  let value: unknown = payload;
  for (const part of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.hasOwn(value, part) ? (value as Record<string, unknown>)[part] : undefined;
  }
  return value;
}

const textClaim = (payload: JWTPayload, path: string): string | null => {
  const value = claimAt(payload, path);
  return typeof value === 'string' && value !== '' ? value : null;
};

/** The strongest of our roles among the claim's values (a list, or one text with spaces or commas). */
export function roleFromClaim(value: unknown, prefix: string): Role | null {
  const texts = typeof value === 'string' ? value.split(/[\s,]+/) : Array.isArray(value) ? value : [];
  const found = new Set<Role>();
  for (const text of texts) {
    if (typeof text !== 'string' || !text.startsWith(prefix)) continue;
    const name = text.slice(prefix.length).toUpperCase();
    if (isRole(name)) found.add(name);
  }
  return ROLES.find((role) => found.has(role)) ?? null;
}

/** OpenID Connect allows 255 characters; with our prefix it still fits the columns that keep it. */
const LONGEST_SUBJECT = 250;

/** What a verified token's claims give. */
function identityFromClaims(payload: JWTPayload, options: JwtOptions): Identity | Refusal {
  const role = roleFromClaim(claimAt(payload, options.rolesClaim), options.rolePrefix);
  if (role === null) return refuse(`The token's claim "${options.rolesClaim}" names no role of this server.`);
  if (!payload.sub) return refuse('The token has no subject (claim "sub").');
  if (!isName(payload.sub, LONGEST_SUBJECT))
    return refuse(`The token's subject (claim "sub") is wrong: it has ${nameForm(LONGEST_SUBJECT)}.`);
  const everywhere = role === 'ADMIN' || role === 'OPERATOR';
  const grant: Grant = {
    role,
    project: everywhere ? null : textClaim(payload, options.projectClaim),
    clientKey: role === 'AGENT' ? textClaim(payload, options.clientClaim) : null,
  };
  const fault = grantFault(grant);
  if (fault) {
    const claim = fault.field === 'project' ? options.projectClaim : options.clientClaim;
    const what = grant[fault.field] === null ? 'does not say it' : 'is none such';
    return refuse(`${fault.message} The token's claim "${claim}" ${what}.`);
  }
  const name = textClaim(payload, options.nameClaim) ?? payload.sub;
  // When the check below begins to refuse it: a connection does not end while its token would still be let in.
  const end = ((payload.exp ?? 0) + CLOCK_TOLERANCE_S) * 1_000;
  const expiresAt = payload.exp === undefined ? null : shownInstant(Math.floor(end));
  // The prefix keeps a subject from passing for a token of ours.
  return {
    id: `jwt:${payload.sub}`,
    name: clip(storable(name), 255),
    userId: clip(payload.sub, 64).trimEnd(),
    grant,
    expiresAt,
  };
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof errors.JWTExpired) return refuse('The token has expired: get a new one.');
  if (error instanceof errors.JWTClaimValidationFailed)
    return refuse(`The token's claim "${error.claim}" is not right.`);
  const away =
    !(error instanceof errors.JOSEError) || error.code === 'ERR_JWKS_TIMEOUT' || error.code === 'ERR_JOSE_GENERIC';
  if (away) return { code: 'UNAVAILABLE', message: 'The identity provider cannot be reached to check the token.' };
  return refuse('The token is not valid.');
}

/** Makes the check of JWTs against an identity provider's published keys, which are fetched when needed and kept. */
export function createJwtCheck(options: JwtOptions): (text: string) => Promise<Identity | Refusal> {
  const keys = createRemoteJWKSet(new URL(options.jwksUrl), { timeoutDuration: JWKS_TIMEOUT_MS });
  const { issuer, audience } = options;
  return async (text) => {
    try {
      const checks = { issuer, audience, algorithms: ALGORITHMS, clockTolerance: CLOCK_TOLERANCE_S };
      const { payload } = await jwtVerify(text, keys, { ...checks, requiredClaims: ['exp'] });
      return identityFromClaims(payload, options);
    } catch (error) {
      return refusalOf(error);
    }
  };
}
