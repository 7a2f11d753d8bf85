import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { effectiveAction } from '../../src/jobs/effective-action.js';

const keys = fc.constantFrom('action', 'mode', 'container', 'log_file', '__proto__', 'constructor', 'a b');
const values = fc.oneof(fc.constantFrom(null, false, true, 0, '', [], {}), fc.string(), fc.jsonValue({ maxDepth: 2 }));
const objects = fc
  .array(fc.tuple(keys, values), { maxLength: 7 })
  .map((entries): Record<string, unknown> => Object.fromEntries(entries));

describe('action_defaults', () => {
  it('fill in what an action does not say, and what it leaves null', () => {
    const defaults = { container: 'shared', log_file: '/log', mode: 'fs' };
    expect(effectiveAction(defaults, { action: 'backup', mode: 'mysql', log_file: null })).toEqual({
      action: 'backup',
      mode: 'mysql',
      log_file: '/log',
      container: 'shared',
    });
  });

  it.each([false, 0, '', [], { nested: 1 }])('leave %j as it is', (value) => {
    expect(effectiveAction({ key: 'default' }, { key: value })).toEqual({ key: value });
  });

  it('objects win whole: they are not merged', () => {
    expect(effectiveAction({ ssh: { host: 'a', port: 22 } }, { ssh: { host: 'b' } })).toEqual({ ssh: { host: 'b' } });
  });

  it('resolving what is resolved changes nothing, with the defaults and without them', () => {
    fc.assert(
      fc.property(objects, objects, (defaults, action) => {
        const once = effectiveAction(defaults, action);
        expect(effectiveAction(defaults, once)).toEqual(once);
        expect(effectiveAction({}, once)).toEqual(once);
      }),
    );
  });

  it("every value is the action's own, unless that is missing or null, then the default's", () => {
    fc.assert(
      fc.property(objects, objects, (defaults, action) => {
        const effective = effectiveAction(defaults, action);
        expect(Object.keys(effective).sort()).toEqual(
          [...new Set([...Object.keys(defaults), ...Object.keys(action)])].sort(),
        );
        for (const [key, value] of Object.entries(effective)) {
          const own = Object.hasOwn(action, key) ? action[key] : undefined;
          const inherited = Object.hasOwn(defaults, key) ? defaults[key] : null;
          expect(value).toEqual(own ?? inherited);
        }
      }),
    );
  });
});
