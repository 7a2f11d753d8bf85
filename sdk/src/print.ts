import type { DocumentNode } from 'graphql';
import { print } from 'graphql/language/printer.js';

const texts = new WeakMap<DocumentNode, string>();

/** The text of an operation; each document is printed once. */
export function textOf(document: DocumentNode): string {
  const known = texts.get(document);
  if (known !== undefined) return known;
  const text = print(document);
  texts.set(document, text);
  return text;
}
