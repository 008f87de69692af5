import type { Operation } from '@orrery/contract'
import { Hono } from 'hono'
import type { Backend } from '../backend.ts'
import { readCaller } from '../http/read-caller.ts'
import type { ServerContext, ServerEnv } from '../http/request-info.ts'
import { createInputReader } from './read-input.ts'

/** One route for each operation of the registry, at its `http` path. */
export function routeOperations(backend: Backend): Hono<ServerEnv> {
  const app = new Hono<ServerEnv>()
  for (const operation of backend.operations) {
    const path = operation.http.path.replaceAll(/\{(\w+)\}/g, ':$1')
    app.on(operation.http.method, path, createRoute(backend, operation))
  }
  return app
}

function createRoute(backend: Backend, operation: Operation) {
  const readInput = createInputReader(operation)
  return async (context: ServerContext): Promise<Response> => {
    context.var.info.operation = operation.name
    const caller = readCaller(context, 'rest', context.req.raw.headers.get('idempotency-key'))
    const answer = await backend.call(operation.name, caller, () => readInput(context, operation.http.maxBodyBytes ?? backend.maxBodyBytes))
    return new Response(JSON.stringify(answer.output ?? null), {
      status: answer.status,
      headers: { 'Content-Type': 'application/json', ...(answer.replayed ? { 'Idempotent-Replayed': 'true' } : {}) },
    })
  }
}
