import type { IncomingMessage, ServerResponse } from 'node:http';
import { GraphQLError } from 'graphql';
import type { Ctx } from '../auth/actor.js';
import { BodyError, readBody } from './body.js';
import { Cancellation, OperationEnded } from './deadlines.js';
import { requestError } from './failure.js';
import { parseParams } from './params.js';
import { type CheckedParams, isReply, type Pipeline, type Reply, refusalOfKind } from './pipeline.js';
import { type ResponseType, sendReply } from './reply.js';

/** Whether a request goes the short way: POST of JSON, an answer in one piece. */
export function isFast(req: IncomingMessage): boolean {
  if (req.method !== 'POST') return false;
  const type = req.headers['content-type'];
  return type !== undefined && /^application\/json *(;|$)/i.test(type) && !/charset *= *(?!"?utf-?8)/i.test(type);
}

/** Runs an operation that came by plain HTTP: lets it in, refuses what HTTP cannot answer, executes it. */
export function runOperation(
  pipeline: Pipeline,
  ctx: Ctx,
  params: CheckedParams,
  readOnly: boolean,
  controller: Cancellation,
): Reply | Promise<Reply> {
  const admitted = pipeline.admit(ctx, params);
  if (isReply(admitted)) return admitted;
  const refused = refusalOfKind(admitted.operation.kind, readOnly);
  if (refused) return pipeline.refuse(ctx, [refused.error], refused.status, refused.status);
  return pipeline.execute(ctx, admitted, controller, 'text');
}

/** Answers an authenticated request by the short way: node:http, our own pipeline, nothing between. */
export async function answerFast(
  pipeline: Pipeline,
  ctx: Ctx,
  req: IncomingMessage,
  res: ServerResponse,
  type: ResponseType,
  maxBodyBytes: number,
): Promise<void> {
  let params: CheckedParams | GraphQLError;
  try {
    params = parseParams(await readBody(req, maxBodyBytes));
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
    // What is left of the body is not read: the connection cannot be used again.
    res.setHeader('connection', 'close');
    const reply = pipeline.reject(ctx, [requestError(error.code, error.message)], error.status, error.status);
    return sendReply(res, reply, type, ctx.requestId);
  }
  if (params instanceof GraphQLError)
    return sendReply(res, pipeline.reject(ctx, [params], 400, 400), type, ctx.requestId);
  const controller = new Cancellation();
  const reply = runOperation(pipeline, ctx, params, false, controller);
  if (!(reply instanceof Promise)) return sendReply(res, reply, type, ctx.requestId);
  const onClose = (): void => controller.abort(new OperationEnded('CANCELLED'));
  res.once('close', onClose);
  const found = await reply;
  res.off('close', onClose);
  sendReply(res, found, type, ctx.requestId);
}
