import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, parse, validate, visit } from 'graphql';
import { describe, expect, it } from 'vitest';
import { FROM_NOW } from '../../sdk/src/stream.js';

const schema = buildSchema(readFileSync(join(import.meta.dirname, '../../schema.graphql'), 'utf8'));
const FOLDER = join(import.meta.dirname, '../../sdk/src/documents');

const document = parse(
  readdirSync(FOLDER)
    .map((name) => readFileSync(join(FOLDER, name), 'utf8'))
    .join('\n'),
);

describe('the operations of the client package', () => {
  it('are valid by the published schema', () => {
    expect(validate(schema, document)).toEqual([]);
  });

  it('leave no root field out', () => {
    const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
    const used = new Set<string>();
    visit(document, {
      OperationDefinition: (operation) => {
        for (const field of operation.selectionSet.selections) if (field.kind === 'Field') used.add(field.name.value);
      },
    });
    const fields = roots.flatMap((root) => Object.keys(root?.getFields() ?? {}));
    expect(fields.filter((field) => !used.has(field))).toEqual([]);
  });

  it('know which subscriptions begin with what happens from now on', () => {
    const fields = Object.values(schema.getSubscriptionType()?.getFields() ?? {});
    const described = fields.filter(({ args }) =>
      args.some(({ name, description }) => name === 'after' && /left out: from now/i.test(description ?? '')),
    );
    expect([...FROM_NOW]).toEqual(described.map(({ name }) => name));
  });
});
