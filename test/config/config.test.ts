import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Config, ConfigError, type ConfigInput, loadConfig } from '../../src/config/config.js';
import { ALL_SETTINGS, fileKeyOf, flagOf, variableOf } from '../../src/config/settings.js';
import { configurationDocument, flagHelp, showConfig } from '../../src/config/show.js';

const load = (input: Partial<ConfigInput>): Config => loadConfig({ env: {}, file: null, flags: {}, ...input });

function faultsOf(input: Partial<ConfigInput>): string[] {
  try {
    load(input);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map((fault) => `${fault.name}: ${fault.message}`);
    throw error;
  }
  return [];
}

describe('the configuration', () => {
  it('needs nothing: loopback, port 4000, SQLite in ./data, a local agent, GraphiQL', () => {
    const config = load({});
    expect(config.server).toMatchObject({
      host: '127.0.0.1',
      port: 4000,
      role: 'all',
      loopback: true,
      localAgent: true,
    });
    expect(config.server.dataDir).toBe(resolve('data'));
    expect(config.stores).toMatchObject({ databaseUrl: `sqlite:${resolve('data/orrery.sqlite')}`, embedded: true });
    expect(config.rights).toMatchObject({ graphiql: true, metricsPublic: true, introspection: true });
    expect(config.limits).toMatchObject({ maxBodyBytes: 4_194_304, operationTimeout: 30_000 });
  });

  it('takes the flag before the environment before the file before the default', () => {
    const file = { path: 'orrery.yaml', text: 'port: 1\nrole: engine\nname: from-file\n' };
    const config = load({ file, env: { ORRERY_PORT: '2', ORRERY_ROLE: 'api' }, flags: { '--port': '3' } });
    expect(config.server).toMatchObject({ port: 3, role: 'api', name: 'from-file' });
    expect(config.sources.get('port')).toBe('--port');
    expect(config.sources.get('role')).toBe('ORRERY_ROLE');
    expect(config.sources.get('name')).toBe('name in orrery.yaml');
    expect(config.sources.get('host')).toBe('default');
  });

  it('is frozen', () => {
    const config = load({});
    expect(Object.isFrozen(config)).toBe(true);
    for (const slice of [config.server, config.stores, config.rights, config.limits])
      expect(Object.isFrozen(slice)).toBe(true);
  });

  it('names every fault at once, with its source and what would be right', () => {
    const faults = faultsOf({
      env: {
        ORRERY_PORT: 'http',
        ORRERY_HSOT: 'x',
        ORRERY_DATABASE_URL: 'postgres://u:geheim@h/d',
        ORRERY_RATE_LIMIT: '-1',
      },
      file: {
        path: 'a.yaml',
        text: 'operation_timeout: 30\ngraphical: true\ncors_origins: [https://a.example/path]\n',
      },
      flags: { '--rolle': 'api' },
    });
    expect(faults).toHaveLength(8);
    const all = faults.join('\n');
    expect(all).toMatch(/ORRERY_PORT: "http" is not right: write a whole number from 0 to 65535/);
    expect(all).toMatch(/ORRERY_HSOT: There is no such setting. Did you mean ORRERY_HOST\?/);
    expect(all).toMatch(/ORRERY_DATABASE_URL: The value is not right: write a URL that starts with sqlite:/);
    expect(all).toMatch(/operation_timeout in a.yaml: "30" is not right: write a length of time/);
    expect(all).toMatch(/graphical in a.yaml: There is no such setting. Did you mean graphiql\?/);
    expect(all).toMatch(/--rolle: There is no such flag. Did you mean --role\?/);
    expect(all).not.toContain('geheim');
  });

  it('refuses to listen beyond loopback without rights made on purpose', () => {
    expect(faultsOf({ env: { ORRERY_HOST: '0.0.0.0' } })[0]).toMatch(/ORRERY_HOST.*ORRERY_ADMIN_TOKEN.*127\.0\.0\.1/);
    expect(faultsOf({ env: { ORRERY_HOST: '0.0.0.0', ORRERY_ADMIN_TOKEN: 'x'.repeat(31) } })).toHaveLength(2);
    const config = load({ env: { ORRERY_HOST: '0.0.0.0', ORRERY_ADMIN_TOKEN: 'x'.repeat(32) } });
    expect(config.rights).toMatchObject({ graphiql: false, metricsPublic: false });
    expect(config.server.localAgent).toBe(false);
  });

  it('wants issuer and audience with a JWKS URL', () => {
    const faults = faultsOf({ env: { ORRERY_JWKS_URL: 'https://id.example/jwks' } });
    expect(faults.map((fault) => fault.split(':', 1)[0])).toEqual(['ORRERY_JWT_ISSUER', 'ORRERY_JWT_AUDIENCE']);
  });

  it('turns GraphiQL off in production unless asked for', () => {
    expect(load({ env: { NODE_ENV: 'production' } }).rights.graphiql).toBe(false);
    expect(load({ env: { NODE_ENV: 'production', ORRERY_GRAPHIQL: 'yes' } }).rights.graphiql).toBe(true);
  });

  it('takes an empty variable as unset, and refuses a file that is not one', () => {
    expect(load({ env: { ORRERY_PORT: '' } }).server.port).toBe(4000);
    expect(faultsOf({ file: { path: 'a.yaml', text: '- a list' } })[0]).toMatch(/one setting a line/);
    expect(faultsOf({ file: { path: 'a.yaml', text: 'a: [' } })[0]).toMatch(/Not YAML/);
    expect(faultsOf({ file: { path: 'a.yaml', text: 'port: {a: 1}' } })[0]).toMatch(/one value/);
    expect(load({ file: { path: 'a.yaml', text: '' } }).server.port).toBe(4000);
  });

  it('shows every setting with its source and no secret', () => {
    const config = load({
      env: {
        ORRERY_ADMIN_TOKEN: 'very-secret-token-0123456789abcdef',
        ORRERY_DATABASE_URL: 'mysql://root:geheim@db.example:3306/orrery?ssl=geheim2',
      },
    });
    const shown = showConfig(config);
    expect(shown).toHaveLength(ALL_SETTINGS.size);
    const text = JSON.stringify(shown);
    expect(text).not.toMatch(/geheim|very-secret/);
    expect(text).toContain('mysql://root:********@db.example:3306/orrery');
    expect(shown.find((line) => line.variable === 'ORRERY_PORT')).toEqual({
      variable: 'ORRERY_PORT',
      value: '4000',
      source: 'default',
    });
  });

  it('takes a MongoDB URL with several hosts, and masks its password', () => {
    const url = 'mongodb://orrery:geheim@a:27017,b:27017,c:27017/agenda?replicaSet=rs0';
    const config = load({ env: { ORRERY_MONGODB_URL: url } });
    expect(config.stores.mongodbUrl).toBe(url);
    const shown = showConfig(config).find((line) => line.variable === 'ORRERY_MONGODB_URL');
    expect(shown?.value).toBe('mongodb://orrery:********@a:27017,b:27017,c:27017/agenda');
  });

  it('takes labels as a list, by names in the file, and by a flag for each', () => {
    const labels = { zone: 'eu', rack: '3' };
    expect(load({ env: { ORRERY_LABELS: 'zone=eu, rack = 3' } }).server.labels).toEqual(labels);
    expect(load({ file: { path: 'a.yaml', text: 'labels: {zone: eu, rack: 3}' } }).server.labels).toEqual(labels);
    expect(load({ file: { path: 'a.yaml', text: 'labels: [zone=eu, rack=3]' } }).server.labels).toEqual(labels);
    const byFlag = load({ flags: { label: 'zone=eu,rack=3' } });
    expect(byFlag.server.labels).toEqual(labels);
    expect(byFlag.sources.get('labels')).toBe('--label');
    expect(showConfig(byFlag).find((line) => line.variable === 'ORRERY_LABELS')?.value).toBe('zone=eu,rack=3');
    expect(load({}).server.labels).toEqual({});
    for (const wrong of ['zone', 'host=a', '=eu', 'zone=', 'zone=eu,zone=us', '-a=b']) {
      expect(faultsOf({ env: { ORRERY_LABELS: wrong } })[0]).toMatch(/ORRERY_LABELS: ".*" is not right: write/);
    }
  });

  it('renews what an engine holds three times before it runs out, or more often', () => {
    expect(load({}).work).toMatchObject({ shardLease: 15_000, shardRenew: 5_000, shards: 16, taggedShards: 1 });
    expect(load({ env: { ORRERY_SHARD_LEASE: '60s' } }).work.shardRenew).toBe(20_000);
    expect(load({ env: { ORRERY_SHARD_RENEW: '2s' } }).work.shardRenew).toBe(2_000);
    expect(faultsOf({ env: { ORRERY_SHARD_RENEW: '6s' } })[0]).toMatch(/ORRERY_SHARD_RENEW: At most a third/);
  });

  it('names a YAML alias that stands for nothing', () => {
    const [fault] = faultsOf({ file: { path: 'orrery.yaml', text: 'port: *nothing' } });
    expect(fault).toMatch(/^orrery.yaml: Not YAML: Unresolved alias/);
  });

  it('never throws anything but ConfigError, whatever the values', () => {
    const keys = [...ALL_SETTINGS.keys()];
    const values = fc.oneof(
      fc.string(),
      fc.constantFrom('0', '-1', '1e9', 'true', '5s', '99999d', 'http://', 'https://x', ':::'),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...keys.map(variableOf)), values), fc.string(), (env, text) => {
        faultsOf({ env, file: { path: 'f', text } });
      }),
    );
  });

  it('has one spelling of each setting for each place', () => {
    for (const nameOf of [variableOf, flagOf, fileKeyOf]) {
      expect(new Set([...ALL_SETTINGS.keys()].map(nameOf)).size).toBe(ALL_SETTINGS.size);
    }
    expect([variableOf('databaseUrl'), flagOf('databaseUrl'), fileKeyOf('databaseUrl')]).toEqual([
      'ORRERY_DATABASE_URL',
      '--database-url',
      'database_url',
    ]);
    expect(flagHelp()).toHaveLength(ALL_SETTINGS.size);
  });

  it('is documented as it is', async () => {
    expect(await readFile('docs/configuration.md', 'utf8')).toBe(configurationDocument());
  });
});
