/** What a `?` of a statement stands for. */
export type SqlValue = string | number | boolean | null | Buffer;
