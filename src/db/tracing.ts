import type { DataSource, QueryRunner } from 'typeorm';
import { inSpan, tracingIsOn } from '../telemetry/tracing.js';

function traceRunner(runner: QueryRunner, system: string): void {
  const query: QueryRunner['query'] = runner.query.bind(runner);
  const traced = (sql: string, values?: unknown[], structured?: boolean): Promise<unknown> => {
    const attributes = { 'db.system.name': system, 'db.query.text': sql };
    return inSpan('db.query', attributes, () => (structured ? query(sql, values, true) : query(sql, values)));
  };
  runner.query = traced as QueryRunner['query'];
}

/**
 * Puts each statement of a data source into a span of its own, with its text and without its values (they may be
 * secrets). Does nothing unless an OpenTelemetry SDK is loaded.
 */
export function traceStatements(source: DataSource): DataSource {
  if (!tracingIsOn()) return source;
  const known = new WeakSet<QueryRunner>();
  const create = source.createQueryRunner.bind(source);
  source.createQueryRunner = (mode) => {
    const runner = create(mode);
    // SQLite has one query runner for all.
    if (!known.has(runner)) traceRunner(runner, source.options.type);
    known.add(runner);
    return runner;
  };
  return source;
}
