import type { ServiceLineFragment, ServiceStateChangedSubscription } from '@orrery/sdk';
import { labelsText } from '../labels.js';
import { instant, type Row } from '../output/cell.js';

/** What a list of services shows. */
export const SERVICE_COLUMNS = [
  'service',
  'state',
  'shards',
  'work',
  'version',
  'incarnation',
  'startedAt',
  'lastSeenAt',
  'labels',
];

/** What is shown of services as they come and go. */
export const SERVICE_FACT_COLUMNS = ['at', 'service', 'state', 'from', 'incarnation', 'why'];

/** A service as people name it; nothing for null. */
export const serviceText = (service: { host: string; name: string } | null | undefined): string | null =>
  service ? `${service.host}/${service.name}` : null;

/** A service as a row. Host and name stand in the first column, so they are no labels to be told. */
export function serviceRow(service: ServiceLineFragment): Row {
  const { host: _host, name: _name, ...labels } = service.labels;
  return {
    service: serviceText(service),
    id: service.id,
    state: service.state,
    silent: service.silent,
    shards: service.shardCount,
    work: service.work.length,
    version: service.version,
    incarnation: service.incarnation,
    startedAt: instant(service.startedAt),
    lastSeenAt: instant(service.lastSeenAt),
    labels: Object.keys(labels).length === 0 ? null : labelsText(labels),
  };
}

/** A service as it stands, as a row among what happens. */
export function serviceFactRow(service: ServiceLineFragment): Row {
  const { state, incarnation, lastSeenAt } = service;
  return { at: instant(lastSeenAt), service: serviceText(service), state, from: null, incarnation, why: null };
}

/** What became of a service, as a row. */
export function serviceChangeRow(fact: ServiceStateChangedSubscription['serviceStateChanged']): Row {
  return {
    at: instant(fact.at),
    service: serviceText(fact),
    state: fact.removed ? 'REMOVED' : fact.state,
    from: fact.stateBefore,
    incarnation: fact.incarnation,
    why: fact.reason,
  };
}
