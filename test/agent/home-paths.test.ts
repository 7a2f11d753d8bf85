import { homedir } from 'node:os';
import { expect, it } from 'vitest';
import { withHomePaths } from '../../src/agent/executors/home-paths.js';

it('a leading ~ in the paths of an action is the home of the agent, for every executor', () => {
  const action = { action: 'backup', path_to_backup: '~/docs', container: '~', backup_name: '~/x', exclude: '*~' };
  expect(withHomePaths(action)).toEqual({ ...action, path_to_backup: `${homedir()}/docs`, container: homedir() });
});
