import { EntitySchema } from 'typeorm';
import { id, instant, int } from './columns.js';

/** A message of the queue that was delivered before, while somebody takes it in or after that killed them. */
export interface ReportSuspectRow {
  /** The SHA-256 of its body, in hex. */
  id: string;
  /** How many processes have tried it alone. */
  tries: number;
  /** The process that tried it last. */
  taker: string;
  triedAt: number;
}

export const ReportSuspectEntity = new EntitySchema<ReportSuspectRow>({
  name: 'ReportSuspect',
  tableName: 'report_suspects',
  columns: { id: id({ primary: true }), tries: int(), taker: id(), triedAt: instant() },
  indices: [{ name: 'ix_report_suspects_tried', columns: ['triedAt'] }],
});
