/** The token of a trial's operator: all rights on the servers that the trial starts. */
export const ADMIN_TOKEN = 'chaos-admin-token-of-at-least-32-characters';
