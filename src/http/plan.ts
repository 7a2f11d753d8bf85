import { complexityFromQuery } from '@pothos/plugin-complexity';
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  OperationTypeNode,
  parse,
  specifiedRules,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { type CompiledQuery, compile, compileTexts } from './compile.js';
import { checkDocument, type DocumentLimits, isStackOverflow, tooDeep } from './limits.js';

/** Which documents are let in. */
export interface PlanOptions extends DocumentLimits {
  /** Whether the schema may be read through the API; when not, errors suggest no names either. */
  introspection: boolean;
}

type Variables = Readonly<Record<string, unknown>>;

/** A query is compiled once it has come this often: compiling costs about a hundred executions of a small one. */
const COMPILE_AFTER = 5;
const MOST_ERRORS = 10;
const MOST_COSTS = 64;

/** Whether what a document costs depends on its variables: some field's cost depends on its arguments, and they on them. */
function costVaries(schema: GraphQLSchema, document: DocumentNode): boolean {
  const info = new TypeInfo(schema);
  let varies = false;
  const Variable = (): void => {
    if (typeof info.getFieldDef()?.extensions.complexity === 'function') varies = true;
  };
  visit(document, visitWithTypeInfo(info, { Variable }));
  return varies;
}

/** One operation of a document, ready to be executed many times. */
export class Operation {
  readonly kind: OperationTypeNode;
  readonly name: string | null;
  /** This operation alone, with the document's fragments. */
  readonly document: DocumentNode;
  readonly #schema: GraphQLSchema;
  readonly #costs = new Map<string, number>();
  readonly #costVaries: boolean;
  #cost: number | null = null;
  #uses = 0;
  #compiled: CompiledQuery | null = null;
  #texts: CompiledQuery | null | undefined;

  constructor(schema: GraphQLSchema, node: OperationDefinitionNode, fragments: readonly FragmentDefinitionNode[]) {
    this.#schema = schema;
    this.kind = node.operation;
    this.name = node.name?.value ?? null;
    this.document = { kind: Kind.DOCUMENT, definitions: [node, ...fragments] };
    this.#costVaries = this.kind === OperationTypeNode.QUERY || costVaries(schema, this.document);
  }

  /** The operation as a function by graphql-jit, once it has come often enough; null until then. */
  compiled(): CompiledQuery | null {
    if (this.#compiled || this.kind !== OperationTypeNode.QUERY) return this.#compiled;
    this.#uses += 1;
    if (this.#uses !== COMPILE_AFTER) return null;
    this.#compiled = compile(this.#schema, this.document);
    return this.#compiled;
  }

  /** The same, but for a caller who wants nothing but the text of the answer: pages of lists are text in its result. */
  compiledTexts(): CompiledQuery | null {
    const compiled = this.compiled();
    if (compiled && this.#texts === undefined) this.#texts = compileTexts(this.#schema, this.document, compiled);
    return this.#texts ?? compiled;
  }

  /**
   * What it costs with these variables: 1 for each field, times the size of the page it stands in. Throws a
   * GraphQLError when a variable of a query is not of its type; those of a mutation whose cost does not depend on them
   * are left to its execution, because a report's take long.
   */
  cost(variables: Variables): number {
    if (this.#costVaries) return this.#costWith(variables);
    this.#cost ??= this.#count(variables);
    return this.#cost;
  }

  #costWith(variables: Variables): number {
    const key = this.kind === OperationTypeNode.QUERY ? JSON.stringify(variables) : null;
    const known = key === null ? undefined : this.#costs.get(key);
    if (known !== undefined) return known;
    const cost = this.#count(variables);
    if (key !== null && key.length < 1_000) {
      if (this.#costs.size >= MOST_COSTS) this.#costs.clear();
      this.#costs.set(key, cost);
    }
    return cost;
  }

  #count(variables: Variables): number {
    const { complexity } = complexityFromQuery(this.document, { schema: this.#schema, variables: { ...variables } });
    return Math.ceil(complexity);
  }
}

/** A document that has been let in, by the names of its operations. */
export interface Plan {
  operations: ReadonlyMap<string | null, Operation>;
}

export type Planned = { plan: Plan } | { errors: readonly GraphQLError[] };

const withCode = (error: GraphQLError, code: string, message = error.message): GraphQLError =>
  new GraphQLError(message, {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    path: error.path ?? null,
    extensions: { code: error.extensions?.code ?? code },
  });

const withoutSuggestion = (message: string): string => message.replace(/ Did you mean [^?]*\?$/, '');

function planOf(schema: GraphQLSchema, document: DocumentNode): Plan {
  const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  const operations = new Map<string | null, Operation>();
  for (const node of document.definitions) {
    if (node.kind !== Kind.OPERATION_DEFINITION) continue;
    operations.set(node.name?.value ?? null, new Operation(schema, node, fragments));
  }
  return { operations };
}

/** Parses a document, holds it against the limits and validates it. */
function makePlan(schema: GraphQLSchema, query: string, options: PlanOptions): Planned {
  let phase = 'GRAPHQL_PARSE_FAILED';
  try {
    const document = parse(query, { maxTokens: options.maxTokens });
    phase = 'GRAPHQL_VALIDATION_FAILED';
    checkDocument(document, options);
    const rules = options.introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
    const errors = validate(schema, document, rules, { maxErrors: MOST_ERRORS });
    if (errors.length === 0) return { plan: planOf(schema, document) };
    const say = (message: string): string => (options.introspection ? message : withoutSuggestion(message));
    return { errors: errors.map((error) => withCode(error, phase, say(error.message))) };
  } catch (error) {
    if (isStackOverflow(error)) return { errors: [tooDeep()] };
    if (error instanceof GraphQLError) return { errors: [withCode(error, phase)] };
    throw error;
  }
}

const MOST_PLANS = 1_000;
const MOST_CHARACTERS = 4_000_000;

/** The plans of documents that came lately, bounded in number and in text; the least recently used go first. */
export class PlanCache {
  readonly #schema: GraphQLSchema;
  readonly #options: PlanOptions;
  readonly #plans = new Map<string, Plan>();
  #characters = 0;

  constructor(schema: GraphQLSchema, options: PlanOptions) {
    this.#schema = schema;
    this.#options = options;
  }

  /** The plan of a document, or why it is not let in (which is not kept). */
  find(query: string): Planned {
    const known = this.#plans.get(query);
    if (known) {
      this.#plans.delete(query);
      this.#plans.set(query, known);
      return { plan: known };
    }
    const made = makePlan(this.#schema, query, this.#options);
    if ('plan' in made) this.#keep(query, made.plan);
    return made;
  }

  #keep(query: string, plan: Plan): void {
    this.#plans.set(query, plan);
    this.#characters += query.length;
    for (const [oldest] of this.#plans) {
      if (this.#plans.size <= MOST_PLANS && this.#characters <= MOST_CHARACTERS) break;
      this.#plans.delete(oldest);
      this.#characters -= oldest.length;
    }
  }
}
