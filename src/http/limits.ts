import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type StringValueNode,
  visit,
} from 'graphql';

/** The most that one document may hold. */
export interface DocumentLimits {
  maxDepth: number;
  maxAliases: number;
  maxDirectives: number;
  maxTokens: number;
}

/** The deepest nesting of lists and objects in the variables. */
const MAX_VALUE_DEPTH = 100;

interface Measure {
  depth: number;
  aliases: number;
  directives: number;
}

const NOTHING: Measure = { depth: 0, aliases: 0, directives: 0 };

/** The failure of what is over a limit. */
export const tooMuch = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'LIMIT_EXCEEDED' } });

/** Measures selection sets with their fragments put in; each fragment is measured once. */
class Measurer {
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #known = new Map<string, Measure>();

  constructor(document: DocumentNode) {
    const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
    this.#fragments = new Map(fragments.map((node) => [node.name.value, node]));
  }

  measure(set: SelectionSetNode | undefined): Measure {
    if (!set) return NOTHING;
    const sum = { depth: 0, aliases: 0, directives: 0 };
    for (const selection of set.selections) {
      let inner: Measure;
      let own = 0;
      if (selection.kind === Kind.FIELD) {
        inner = this.measure(selection.selectionSet);
        own = 1;
        if (selection.alias) sum.aliases += 1;
      } else if (selection.kind === Kind.INLINE_FRAGMENT) inner = this.measure(selection.selectionSet);
      else inner = this.#fragment(selection.name.value);
      sum.depth = Math.max(sum.depth, own + inner.depth);
      sum.aliases += inner.aliases;
      sum.directives += inner.directives + (selection.directives?.length ?? 0);
    }
    return sum;
  }

  #fragment(name: string): Measure {
    const known = this.#known.get(name);
    if (known) return known;
    // Counts as nothing while it is measured: a cycle is refused by validation.
    this.#known.set(name, NOTHING);
    const measure = this.measure(this.#fragments.get(name)?.selectionSet);
    this.#known.set(name, measure);
    return measure;
  }
}

/** Throws a GraphQLError (code LIMIT_EXCEEDED) when a document holds more than it may. */
export function checkDocument(document: DocumentNode, limits: DocumentLimits): void {
  const measurer = new Measurer(document);
  for (const node of document.definitions) {
    if (node.kind !== Kind.OPERATION_DEFINITION && node.kind !== Kind.FRAGMENT_DEFINITION) continue;
    const { depth, aliases, directives } = measurer.measure(node.selectionSet);
    if (depth > limits.maxDepth)
      throw tooMuch(`The operation nests ${depth} fields deep; ${limits.maxDepth} is the most.`);
    if (aliases > limits.maxAliases)
      throw tooMuch(`The operation has ${aliases} aliases; ${limits.maxAliases} is the most.`);
    const all = directives + (node.directives?.length ?? 0);
    if (all > limits.maxDirectives)
      throw tooMuch(`The operation has ${all} directives; ${limits.maxDirectives} is the most.`);
  }
}

/** Whether a JSON value nests deeper than `left` levels. */
export function valueTooDeep(value: unknown, left = MAX_VALUE_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (left === 0) return true;
  for (const inner of Object.values(value)) if (valueTooDeep(inner, left - 1)) return true;
  return false;
}

/** Half of a surrogate pair: JSON can write it (`"\\ud800"`), Unicode has no such text and no database keeps it. */
const LONE_SURROGATE = /\p{Surrogate}/u;
/** And NUL, at which SQLite cuts a text when it reads it. */
const BROKEN = /[\0\p{Surrogate}]/u;

/**
 * Whether a text in a JSON value, or a name in it, is one that not every database keeps; `takesNul`: NUL is let in, for
 * those who put something in its place themselves. The value is not to be deeper than is let in.
 */
export function hasBrokenText(value: unknown, takesNul = false): boolean {
  const broken = takesNul ? LONE_SURROGATE : BROKEN;
  if (typeof value === 'string') return broken.test(value);
  if (typeof value !== 'object' || value === null) return false;
  for (const [name, inner] of Object.entries(value))
    if (broken.test(name) || hasBrokenText(inner, takesNul)) return true;
  return false;
}

const BROKEN_TEXT = 'cannot be kept: it has a NUL character (U+0000) or half of a surrogate pair.';

/** The failure of variables with such a text. */
export const brokenText = (): GraphQLError =>
  new GraphQLError(`A text in the variables ${BROKEN_TEXT}`, { extensions: { code: 'BAD_USER_INPUT' } });

/** Throws a GraphQLError (code BAD_USER_INPUT) for such a text in a document itself, whose text is given too. */
export function checkTexts(query: string, document: DocumentNode): void {
  // Few documents have an escape at all.
  if (!/\0|\\u/.test(query)) return;
  const StringValue = (node: StringValueNode): void => {
    if (!BROKEN.test(node.value)) return;
    throw new GraphQLError(`A text in the document ${BROKEN_TEXT}`, {
      nodes: node,
      extensions: { code: 'BAD_USER_INPUT' },
    });
  };
  visit(document, { StringValue });
}

/** The failure of a document that the parser cannot follow. */
export const tooDeep = (): GraphQLError => tooMuch('The document or its variables nest too deep.');

/** Whether something recursive ran out of stack. */
export const isStackOverflow = (error: unknown): boolean =>
  error instanceof RangeError && /call stack/i.test(error.message);
