import { DefaultNamingStrategy, type NamingStrategyInterface } from 'typeorm';

/** `nextRunAt` -> `next_run_at`: columns are written in snake case, as SQL people expect. */
export class SnakeNaming extends DefaultNamingStrategy implements NamingStrategyInterface {
  override columnName(property: string, custom: string | undefined): string {
    return custom ?? property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  }
}
