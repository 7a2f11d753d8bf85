import { ROLES } from './actor.js';
import { POLICY, type Rule } from './policy.js';

const REACH: Record<Rule['reach'], string> = {
  SELF: 'itself',
  PROJECT: 'its project',
  OPERATOR: 'everything',
};

/** The policy table as docs/security.md shows it: a row for each root field, a column for each role. */
export function policyDocument(): string {
  const head = ['field', ...ROLES.map((role) => role.toLowerCase()), 'reaches'];
  const rows = Object.entries<Rule>(POLICY).map(([field, rule]) => [
    `\`${field}\``,
    ...ROLES.map((role) => (rule.roles.includes(role) ? 'yes' : '')),
    REACH[rule.reach],
  ]);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n');
}
