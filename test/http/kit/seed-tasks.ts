/** The summary of a puppet run, as astute reports it: the example of Fuel's specification. */
const PUPPET = {
  sender: '5',
  statuscode: 0,
  statusmsg: 'OK',
  data: {
    time: {
      anchor: 0.00019831,
      config_retrieval: 1.015772457,
      file: 0.0012266030000000002,
      filebucket: 8.4232e-5,
      mysql_database: 0.018598403,
      mysql_grant: 0.076972123,
      mysql_user: 0.073092031,
      package: 0.000257408,
      schedule: 0.0005276500000000001,
      total: 1.186729217,
      last_run: 1456971170,
    },
    resources: {
      failed: 0,
      changed: 7,
      total: 19,
      restarted: 0,
      out_of_sync: 7,
      failed_to_restart: 0,
      scheduled: 0,
      skipped: 0,
    },
    changes: { total: 7 },
    events: { failure: 0, success: 7, total: 7 },
    version: { config: 1456971167, puppet: '3.8.3' },
    status: 'stopped',
    running: 0,
    enabled: 1,
    idling: 0,
    stopped: 1,
    lastrun: 1456971170,
    runtime: 0,
    output: 'Currently stopped; last completed run 0 seconds ago',
  },
};

/** The answer of Fuel's specification, but for the serial numbers `id` and `deployment_task_id`. */
export const SEED_TASKS = [
  {
    node_id: 5,
    task_id: 34,
    task_name: 'swift-keystone',
    time_start: 1457362146,
    time_end: 1457362276,
    status: 'ready',
    summary: PUPPET,
  },
  {
    node_id: 6,
    task_id: 67,
    task_name: 'openstack-network-common-config',
    time_start: 1457362143,
    time_end: 1457362273,
    status: 'ready',
    summary: { ...PUPPET, sender: '6' },
  },
];
