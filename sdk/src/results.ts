/** The part that every named error of a mutation's result has. */
export interface NamedError {
  readonly __typename: string;
  readonly message: string;
  /** One of the API's error codes. */
  readonly code: string;
  /** Where in the input the fault lies, outermost first; empty when it is no single place. */
  readonly path?: readonly string[];
  /** Every fault of the input, where the server found some. */
  readonly issues?: readonly { readonly path: readonly string[]; readonly message: string }[];
}

/** The payload of a mutation's result: what is left of the union when its named errors are taken out. */
export type PayloadOf<Result> = Exclude<Result, { readonly message: string; readonly code: string }>;

/** What a mutation answered when the caller did something wrong, as an error that can be thrown. */
export class RefusedError extends Error {
  readonly code: string;
  /** The type of the named error: `InvalidInputError`, `NotFoundError` ... */
  readonly type: string;
  readonly path: readonly string[];
  readonly issues: readonly { readonly path: readonly string[]; readonly message: string }[];

  constructor(error: NamedError) {
    super(error.message);
    this.name = 'RefusedError';
    this.code = error.code;
    this.type = error.__typename;
    this.path = error.path ?? [];
    this.issues = error.issues ?? [];
  }
}

/** Whether a mutation's result is one of its named errors. */
export function isNamedError<Result extends { readonly __typename: string }>(
  result: Result,
): result is Exclude<Result, PayloadOf<Result>> {
  return 'code' in result && 'message' in result;
}

/** The payload of a mutation's result. Throws RefusedError when the result is one of the named errors. */
export function payloadOf<Result extends { readonly __typename: string }>(result: Result): PayloadOf<Result> {
  if (isRefusal(result)) throw new RefusedError(result);
  return result as PayloadOf<Result>;
}

function isRefusal(result: object): result is NamedError {
  return 'code' in result && 'message' in result;
}
