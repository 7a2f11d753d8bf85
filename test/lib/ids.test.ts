import { describe, expect, it } from 'vitest';
import { isId, systemIds } from '../../src/lib/ids.js';

describe('ids', () => {
  it('are unique, each greater than the one before, and of their form', () => {
    const ids = Array.from({ length: 20_000 }, () => systemIds.next('task'));
    expect(new Set(ids).size).toBe(ids.length);
    expect([...ids].sort()).toEqual(ids);
    expect(ids.every((id) => isId('task', id))).toBe(true);
  });

  it('tell the millisecond they were made in', () => {
    const before = Date.now();
    const [, uuid = ''] = systemIds.next('task').split('_');
    const at = Number.parseInt(uuid.replace('-', '').slice(0, 12), 16);
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(Date.now() + 1);
  });
});
