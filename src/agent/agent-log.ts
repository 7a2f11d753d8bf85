/** Takes what an agent says of itself: whole sentences for the person who looks after the host. */
export type AgentLog = (level: 'info' | 'warn' | 'error', message: string) => void;
