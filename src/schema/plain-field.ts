import type { GraphQLAbstractType, GraphQLField } from 'graphql';

/** Marks a field that is the property of its name, as Pothos' `expose` does: it is read without a resolver. */
export const exposing = (property: string) => ({ pothosExposedField: property });

/** Marks a field whose resolver makes it of these properties of its object, at once and of nothing else. */
export const madeOf = (...properties: string[]) => ({ madeOf: properties });

/** The same for a field whose resolver a plug-in puts something around: `make` gives its value. */
export const madeBy = <T>(make: (object: T) => unknown, ...properties: string[]) => ({ madeOf: properties, make });

/** Marks an abstract type that is resolved by looking at nothing but the object, at once. */
export const TOLD_BY_ITS_OBJECT = { toldByItsObject: true };

/** Whether an abstract type is resolved that way. */
export const isToldByItsObject = ({ extensions }: GraphQLAbstractType): boolean => extensions.toldByItsObject === true;

/** A field that needs neither arguments nor a wait: what is read of the object for it, and how. */
export interface PlainField {
  readonly properties: readonly string[];
  /** Makes the value of the object; null: it is the one property itself. */
  readonly make: ((object: unknown) => unknown) | null;
}

type Field = GraphQLField<unknown, unknown>;

const isTexts = (value: unknown): value is string[] => Array.isArray(value);

/** How a field is read; null for one that is worked out of who knows what. */
export function plainField(field: Field): PlainField | null {
  const { pothosExposedField: exposed, madeOf: properties, make: given } = field.extensions;
  if (typeof exposed === 'string') return { properties: [exposed], make: null };
  const resolve = typeof given === 'function' ? given : field.resolve;
  if (!isTexts(properties) || !resolve) return null;
  // Such a resolver looks at nothing but its object.
  const make = resolve as (object: unknown) => unknown;
  return { properties, make };
}
