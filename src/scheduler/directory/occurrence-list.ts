import { keysetPage, type OrderKey, type Page, type PageRequest } from '../../db/page.js';
import { type FirstPageRequest, keysetPages } from '../../db/pages.js';
import { RowQuery } from '../../db/row-query.js';
import type { Reader } from '../../db/transaction.js';
import { OccurrenceEntity, type OccurrenceRow } from '../../entities/occurrence.js';

/** An instant of a background job comes once. */
const ORDER: readonly OrderKey[] = [{ property: 'scheduledFor', direction: 'DESC' }];

const SCOPE = 'occurrences';

function queryOf(reader: Reader, backgroundJobId: string): RowQuery<OccurrenceRow> {
  const query = new RowQuery(reader, OccurrenceEntity, 'occurrence');
  return query.andWhere('occurrence.backgroundJobId = :id', { id: backgroundJobId });
}

/** What came of the due instants of a background job, the latest first. Throws InvalidInputError for a wrong page or cursor. */
export const occurrencesOf = (reader: Reader, id: string, request: PageRequest): Promise<Page<OccurrenceRow>> =>
  keysetPage(queryOf(reader, id), ORDER, request, SCOPE);

/** The first (or last) such page of each of several background jobs, read together. */
export function occurrencesOfEach(
  reader: Reader,
  ids: readonly string[],
  request: FirstPageRequest,
): Promise<Page<OccurrenceRow>[]> {
  const lists = ids.map((id) => ({ query: queryOf(reader, id), scope: SCOPE }));
  return keysetPages(lists, ORDER, request);
}
