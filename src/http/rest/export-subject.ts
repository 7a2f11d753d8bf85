import type { Ctx } from '../../auth/actor.js';
import type { RestQuery } from './rest-query.js';

/** The forms of exports. */
export type FormatName = 'csv' | 'jsonl';

/** Some rows of an export, as texts to be sent one after the other. */
export interface ExportPart {
  readonly rows: number;
  readonly texts: readonly string[];
}

/** Begins an export of what a request has named. Throws NotFoundError and InvalidInputError. */
export type ExportOpening = (ctx: Ctx) => Promise<AsyncIterable<ExportPart>>;

/** What can be exported. */
export interface ExportSubject {
  /** In the name of the file. */
  readonly name: string;
  /** The root field of the schema whose rights it needs. */
  readonly right: string;
  /** The parameters that narrow it. */
  readonly parameters: readonly string[];
  /** The line that CSV begins with. */
  readonly csvHeader: string;
  /** What a request asks for; its faults are noted in the query. */
  readonly read: (query: RestQuery, format: FormatName) => ExportOpening;
}
