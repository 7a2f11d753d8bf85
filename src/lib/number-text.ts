/**
 * A finite number as `String` gives it. V8 keeps thousands of the texts that `String` and templates make of numbers, each
 * until another takes its place: where all are different they outlive what is young, and lie in the old part of the heap
 * until that is collected. It keeps none of those that are written as JSON.
 */
export const numberText = (value: number): string => JSON.stringify(value);
