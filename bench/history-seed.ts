import { MIGRATIONS } from '../migrations/all.js';
import { type Database, openDatabase } from '../src/db/database.js';
import { insertRows } from '../src/db/write.js';
import { ClusterEntity } from '../src/entities/cluster.js';
import { ID_PREFIX } from '../src/entities/ids.js';
import { TransactionEntity, type TransactionRow } from '../src/entities/ledger.js';
import { systemIds } from '../src/lib/ids.js';
import { DAY, MINUTE } from '../src/lib/time.js';

/** Tasks of one ordinary transaction. */
const TASKS = 100;
const CLUSTERS = 20;

export interface HistorySize {
  /** Transactions of a hundred tasks each. */
  readonly transactions: number;
  /** Tasks of one more, the large one. */
  readonly large: number;
}

export interface SeededHistory {
  /** The ids of the clusters; the first has the large transaction. */
  readonly clusters: readonly string[];
  /** The large transaction's id. */
  readonly large: string;
  /** When the first transaction was made and the last, in epoch milliseconds. */
  readonly from: number;
  readonly to: number;
}

function transactionOf(place: Pick<TransactionRow, 'clusterId' | 'project' | 'scope'>, createdAt: number) {
  const ofCluster = place.clusterId !== null;
  return {
    id: systemIds.next(ofCluster ? ID_PREFIX.deployment : ID_PREFIX.run),
    kind: ofCluster ? ('DEPLOYMENT' as const) : ('JOB_RUN' as const),
    ...place,
    subjectId: null,
    externalId: null,
    name: ofCluster ? 'deploy' : 'backup',
    status: 'READY' as const,
    reason: null,
    progress: 100,
    message: null,
    dryRun: false,
    attempts: 1,
    createdAt,
    timeStart: createdAt,
    timeEnd: createdAt + MINUTE,
  };
}

/** One transaction a minute: most on clusters in turn, one of ten a job's run; the large one last. */
function transactionsOf({ transactions }: HistorySize, clusters: readonly string[], from: number) {
  const inCluster = (id: string) => ({ clusterId: id, project: null, scope: id });
  const rows = Array.from({ length: transactions }, (_, index) => {
    const place =
      index % 10 === 9
        ? { clusterId: null, project: 'default', scope: 'project/default' }
        : inCluster(clusters[index % CLUSTERS] ?? '');
    return transactionOf(place, from + index * MINUTE);
  });
  const large = transactionOf(inCluster(clusters[0] ?? ''), from + transactions * MINUTE);
  return [...rows, { ...large, name: 'large' }];
}

/** The numbers from 0 to below `count`, as a table. */
function numbers(count: number): string {
  const digits = Array.from({ length: 10 }, (_, digit) => `SELECT ${digit} AS d`).join(' UNION ALL ');
  const places = String(count - 1).length;
  const sum = Array.from({ length: places }, (_, place) => `p${place}.d * ${10 ** place}`).join(' + ');
  const from = Array.from({ length: places }, (_, place) => `(${digits}) p${place}`).join(', ');
  return `(SELECT ${sum} AS place FROM ${from} HAVING place < ${count}) numbers`;
}

/** One of a hundred failed, some were skipped, few wait. */
const STATUS = `CASE WHEN MOD(n * 7919, 1000) < 10 THEN 'ERROR' WHEN MOD(n * 7919, 1000) < 40 THEN 'SKIPPED'
  WHEN MOD(n * 7919, 1000) < 42 THEN 'PENDING' WHEN MOD(n * 7919, 1000) < 44 THEN 'LOST' ELSE 'READY' END`;

/** The tasks of transactions, made by the database: a busy node has a fifth of all, and one task is rare. */
function tasksSql(count: number, where: string): string {
  return `INSERT INTO tasks (id, transaction_id, cluster_id, scope, graph_task_id, task_name, node_id, attempt, status,
      reason, announced, time_start, time_end, ordered_at, exit_code, custom, has_summary, closed, decided_at, decided_by, created_at)
    SELECT CONCAT('task_', LPAD(HEX(n), 12, '0'), '-', LPAD(HEX(MOD(n * 48271, 2147483647)), 20, '0')), transaction_id, cluster_id, scope,
      CONCAT('task-', place), IF(MOD(n, 50021) = 0, 'rare', CONCAT('task-', MOD(place, 100))),
      IF(MOD(n, 5) = 0, 'busy', CONCAT('node-', MOD(n, 49))), 1, status, NULL, 1,
      IF(began, created_at + place * 100, NULL), IF(began, created_at + place * 100 + 2000 + MOD(n, 997), NULL),
      IF(began, created_at + place * 100, created_at), IF(began, 0, NULL), NULL, 0, 0, created_at, 'seed', created_at
    FROM (SELECT *, status NOT IN ('PENDING', 'SKIPPED') AS began FROM (SELECT *, ${STATUS} AS status FROM (
      SELECT t.id AS transaction_id, t.cluster_id, t.scope, t.created_at, numbers.place, (t.number - 1) * ${TASKS} + numbers.place AS n
      FROM transactions t, ${numbers(count)} WHERE ${where} ORDER BY t.number, numbers.place) places) states) made`;
}

/** The secondary indexes of a table, as statements that make them. */
async function indexesOf(db: Database, table: string): Promise<{ name: string; add: string }[]> {
  const rows = await db.reader.rows<{ name: string; columns: string; other: number | string }>(
    `SELECT index_name AS name, MAX(non_unique) AS other, GROUP_CONCAT(column_name ORDER BY seq_in_index) AS columns
     FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = ? AND index_name <> 'PRIMARY'
     GROUP BY index_name`,
    [table],
  );
  return rows.map(({ name, columns, other }) => ({
    name,
    add: `ADD ${Number(other) === 0 ? 'UNIQUE ' : ''}INDEX ${name} (${columns})`,
  }));
}

/**
 * Writes a history into an empty MySQL or MariaDB database, past the ledger's one door: tables first, their indexes
 * after, which is ten times as quick.
 */
export async function seedHistory(url: string, size: HistorySize): Promise<SeededHistory> {
  const db = await openDatabase({ url }, MIGRATIONS);
  const from = (await db.now()) - DAY - (size.transactions + 1) * MINUTE;
  const clusters = Array.from({ length: CLUSTERS }, () => systemIds.next(ID_PREFIX.cluster));
  const transactions = transactionsOf(size, clusters, from);
  const times = { revision: 1, createdAt: from, updatedAt: from, removedAt: null, releaseVersion: null };
  await db.transaction(async (tx) => {
    const rows = clusters.map((id, index) => ({
      id,
      externalId: `env-${index}`,
      name: `Environment ${index}`,
      ...times,
    }));
    await insertRows(tx, ClusterEntity, rows);
    await insertRows(tx, TransactionEntity, transactions);
  });
  const indexes = await indexesOf(db, 'tasks');
  const drop = indexes.map(({ name }) => `DROP INDEX ${name}`).join(', ');
  await db.transaction((tx) => tx.execute(`ALTER TABLE tasks ${drop}`));
  // By parts, so that no transaction of the database grows large.
  for (let number = 0; number < size.transactions; number += 1_000) {
    const where = `t.name <> 'large' AND t.number > ${number} AND t.number <= ${number + 1_000}`;
    await db.transaction((tx) => tx.execute(tasksSql(TASKS, where)));
  }
  await db.transaction((tx) => tx.execute(tasksSql(size.large, "t.name = 'large'")));
  await db.transaction((tx) => tx.execute(`ALTER TABLE tasks ${indexes.map(({ add }) => add).join(', ')}`));
  await db.transaction((tx) =>
    tx.execute(
      `INSERT INTO transaction_counts SELECT transaction_id, SUM(status = 'PENDING'), SUM(status = 'RUNNING'), SUM(status = 'READY'),
         SUM(status = 'ERROR'), SUM(status = 'SKIPPED'), SUM(status = 'LOST'), SUM(status = 'STOPPED') FROM tasks GROUP BY transaction_id`,
    ),
  );
  for (const table of ['tasks', 'transactions']) await db.reader.rows(`ANALYZE TABLE ${table}`);
  await db.close();
  const large = transactions.at(-1);
  return { clusters, large: large?.id ?? '', from, to: large?.createdAt ?? from };
}
