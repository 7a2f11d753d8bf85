import { type InputIssue, InvalidInputError } from '../lib/errors.js';

export type Path = readonly (string | number)[];

/** Gathers what is wrong with an input and what its author should know, so that all of it is told at once. */
export class Faults {
  readonly issues: InputIssue[] = [];
  readonly warnings: string[] = [];

  /** One fault; its message begins with its place. */
  add(path: Path, problem: string): void {
    this.issues.push({ path, message: path.length > 0 ? `${path.join('.')}: ${problem}` : problem });
  }

  warn(message: string): void {
    this.warnings.push(message);
  }

  /** Runs a reader that throws its own faults; they are taken over below `path`, and the answer is undefined. */
  take<T>(path: Path, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      for (const { path: inner, message } of error.issues) this.issues.push({ path: [...path, ...inner], message });
      return undefined;
    }
  }

  /** Throws InvalidInputError with every fault, if there was one. */
  throwIfAny(): void {
    if (this.issues.length > 0) throw new InvalidInputError(this.issues);
  }
}
