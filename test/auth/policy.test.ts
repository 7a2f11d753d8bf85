import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ROLES } from '../../src/auth/actor.js';
import { may, POLICY, requireRight } from '../../src/auth/policy.js';
import { policyDocument } from '../../src/auth/policy-document.js';
import { seesClient, visibleClient } from '../../src/auth/scope.js';
import { ForbiddenError } from '../../src/lib/errors.js';
import { callerOf } from './kit.js';

describe('the policy table', () => {
  it('lets an admin use everything, and nobody what is not in it', () => {
    for (const field of Object.keys(POLICY)) expect(may(callerOf('ADMIN'), field)).toBe(true);
    for (const role of ROLES) {
      for (const field of ['nothing', 'constructor', '__proto__', '']) expect(may(callerOf(role), field)).toBe(false);
    }
  });

  it('lets a reader change nothing', () => {
    const changes = Object.keys(POLICY).filter((field) =>
      /(Create|Import|Update|Start|Stop|Now|Abort|Remove|Revert|Revoke)$/.test(field),
    );
    expect(changes.length).toBeGreaterThan(10);
    // A login link gives its maker nothing that the token does not give.
    const others = changes.filter((field) => field !== 'loginLinkCreate');
    for (const field of others) expect(may(callerOf('READER', 'blue'), field)).toBe(false);
  });

  it('lets an agent do its work and no more', () => {
    const agent = callerOf('AGENT', 'blue', 'host-1');
    const allowed = Object.keys(POLICY).filter((field) => may(agent, field));
    expect(allowed.sort()).toEqual(
      [
        ...['node', 'nodes', 'viewer', 'serverInfo', 'rateLimit', 'job', 'run', 'client', 'clientRegister'],
        ...['runClaim', 'runRenew', 'runReport', 'runOutputAppend', 'runRelease', 'runAssigned'],
      ].sort(),
    );
    expect(seesClient(agent, 'blue', 'host-1')).toBe(true);
    expect(seesClient(agent, 'blue', 'host-2')).toBe(false);
    expect(seesClient(agent, 'red', 'host-1')).toBe(false);
    expect(visibleClient(agent)).toBe('host-1');
    expect(visibleClient(callerOf('MEMBER', 'blue'))).toBeNull();
  });

  it('refuses by name', () => {
    expect(() => requireRight(callerOf('READER'), 'jobCreate')).toThrow(ForbiddenError);
    expect(() => requireRight(callerOf('MEMBER', 'blue'), 'jobCreate')).not.toThrow();
  });

  it('is documented as it is', async () => {
    expect(await readFile('docs/security.md', 'utf8')).toContain(policyDocument());
  });
});
