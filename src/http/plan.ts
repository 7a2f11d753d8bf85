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
import { type Introspection, IntrospectionMeter, introspectionIn } from './introspection.js';
import { checkDocument, checkTexts, type DocumentLimits, isStackOverflow, tooDeep, tooMuch } from './limits.js';
import { UnconditionalSubscriptionRule } from './subscription-rule.js';

/** Which documents are let in. */
export interface PlanOptions extends DocumentLimits {
  /** Whether the schema may be read through the API; when not, errors suggest no names either. */
  introspection: boolean;
}

type Variables = Readonly<Record<string, unknown>>;

/** A query is compiled once it has come this often: compiling costs about a hundred executions of a small one. */
const COMPILE_AFTER = 5;
const MOST_ERRORS = 10;
const RULES = [...specifiedRules, UnconditionalSubscriptionRule];
const INVALID = 'GRAPHQL_VALIDATION_FAILED';
const MOST_PRICES = 64;

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

/** What an operation costs. */
export interface Price {
  /** 1 for each field, times the size of the page it stands in. */
  readonly fields: number;
  /**
   * What is read of the schema: has a limit of its own, that tools can read all of it under any other limit. Null: more
   * than there was to pay with, and not counted further.
   */
  readonly introspection: number | null;
}

/** Whether every field that an operation asks for is a mutation that takes NUL in texts (schema/mutation.ts). */
function takesNul(schema: GraphQLSchema, { operation, selectionSet }: OperationDefinitionNode): boolean {
  const fields = operation === OperationTypeNode.MUTATION ? schema.getMutationType()?.getFields() : undefined;
  return selectionSet.selections.every(
    (node) => node.kind === Kind.FIELD && fields?.[node.name.value]?.extensions.takesNul === true,
  );
}

/** One operation of a document, ready to be executed many times. */
export class Operation {
  readonly kind: OperationTypeNode;
  readonly name: string | null;
  /** This operation alone, with the document's fragments. */
  readonly document: DocumentNode;
  /** Whether NUL may stand in the texts of its variables: all that it asks for puts something in its place. */
  readonly takesNul: boolean;
  readonly #schema: GraphQLSchema;
  readonly #meter: IntrospectionMeter;
  readonly #introspection: Introspection | null;
  readonly #prices = new Map<string, Price>();
  readonly #priceVaries: boolean;
  #price: Price | null = null;
  #uses = 0;
  #compiled: CompiledQuery | null = null;
  #texts: CompiledQuery | null | undefined;

  constructor(
    schema: GraphQLSchema,
    meter: IntrospectionMeter,
    node: OperationDefinitionNode,
    fragments: readonly FragmentDefinitionNode[],
  ) {
    this.#schema = schema;
    this.#meter = meter;
    this.kind = node.operation;
    this.name = node.name?.value ?? null;
    this.document = { kind: Kind.DOCUMENT, definitions: [node, ...fragments] };
    this.takesNul = takesNul(schema, node);
    this.#priceVaries = this.kind === OperationTypeNode.QUERY || costVaries(schema, this.document);
    this.#introspection = introspectionIn(node, fragments);
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

  /** Whether it reads the schema, which takes a walk to price. */
  get introspects(): boolean {
    return this.#introspection !== null;
  }

  /**
   * What it costs with these variables; what it reads of the schema is counted up to `budget`. Throws a GraphQLError when
   * a variable of a query is not of its type; those of a mutation whose cost does not depend on them are left to its
   * execution, because a report's take long.
   */
  price(variables: Variables, budget: number): Price {
    if (this.#priceVaries) return this.#priceWith(variables, budget);
    this.#price ??= this.#count(variables, budget);
    return this.#price;
  }

  #priceWith(variables: Variables, budget: number): Price {
    const key = this.kind === OperationTypeNode.QUERY ? JSON.stringify(variables) : null;
    const known = key === null ? undefined : this.#prices.get(key);
    if (known !== undefined) return known;
    const price = this.#count(variables, budget);
    if (key !== null && key.length < 1_000 && price.introspection !== null) {
      if (this.#prices.size >= MOST_PRICES) this.#prices.clear();
      this.#prices.set(key, price);
    }
    return price;
  }

  #count(variables: Variables, budget: number): Price {
    const { complexity } = complexityFromQuery(this.document, { schema: this.#schema, variables: { ...variables } });
    const introspection = this.#introspection ? this.#meter.cost(this.#introspection, variables, budget) : 0;
    return { fields: Math.ceil(complexity), introspection };
  }
}

/** A document that has been let in, by the names of its operations. */
export interface Plan {
  operations: ReadonlyMap<string | null, Operation>;
}

export type Planned = { plan: Plan } | { errors: readonly GraphQLError[] };

const withCode = (error: GraphQLError, code: string): GraphQLError =>
  new GraphQLError(error.message, {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    path: error.path ?? null,
    extensions: { code: error.extensions?.code ?? code },
  });

function planOf(schema: GraphQLSchema, meter: IntrospectionMeter, document: DocumentNode): Plan {
  const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  const operations = new Map<string | null, Operation>();
  for (const node of document.definitions) {
    if (node.kind !== Kind.OPERATION_DEFINITION) continue;
    operations.set(node.name?.value ?? null, new Operation(schema, meter, node, fragments));
  }
  return { operations };
}

/** The parser's own words for a document with too many tokens. */
const TOO_MANY_TOKENS = /more that \d+ tokens/;

function parsed(query: string, maxTokens: number): DocumentNode {
  try {
    return parse(query, { maxTokens });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    if (TOO_MANY_TOKENS.test(error.message)) throw tooMuch(`The document has more than ${maxTokens} tokens.`);
    throw withCode(error, 'GRAPHQL_PARSE_FAILED');
  }
}

const MOST_PLANS = 1_000;
const MOST_CHARACTERS = 4_000_000;

/** The plans of documents that came lately, bounded in number and in text; the least recently used go first. */
export class PlanCache {
  readonly #schema: GraphQLSchema;
  readonly #options: PlanOptions;
  readonly #meter: IntrospectionMeter;
  readonly #plans = new Map<string, Plan>();
  #characters = 0;

  constructor(schema: GraphQLSchema, options: PlanOptions) {
    this.#schema = schema;
    this.#options = options;
    this.#meter = new IntrospectionMeter(schema);
  }

  /** The most that one operation may read of the schema, as its price counts it. */
  get mostIntrospection(): number {
    return this.#meter.most;
  }

  /** The plan of a document that came lately. */
  find(query: string): Plan | null {
    const known = this.#plans.get(query);
    if (!known) return null;
    this.#plans.delete(query);
    this.#plans.set(query, known);
    return known;
  }

  /** Makes the plan of a document that `find` does not know; or says why it is not let in (which is not kept). */
  make(query: string): Planned {
    const made = this.#make(query);
    if ('plan' in made) this.#keep(query, made.plan);
    return made;
  }

  /** Parses a document, holds it against the limits and validates it. */
  #make(query: string): Planned {
    const { introspection, maxTokens } = this.#options;
    try {
      const document = parsed(query, maxTokens);
      checkDocument(document, this.#options);
      checkTexts(query, document);
      const rules = introspection ? RULES : [...RULES, NoSchemaIntrospectionCustomRule];
      const errors = validate(this.#schema, document, rules, { maxErrors: MOST_ERRORS });
      if (errors.length === 0) return { plan: planOf(this.#schema, this.#meter, document) };
      return { errors: errors.map((error) => withCode(error, INVALID)) };
    } catch (error) {
      if (isStackOverflow(error)) return { errors: [tooDeep()] };
      if (error instanceof GraphQLError) return { errors: [withCode(error, INVALID)] };
      throw error;
    }
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
