import { openApiImplementation } from '@orrery/contract'
import { sendHttpCall } from '../http/send-http-call.ts'
import { buildOpenApiCall } from '../openapi/build-open-api-call.ts'
import type { Fault, Implementation, Kind } from './kind.ts'

/** An operation of an OpenAPI document, made by `tools.import`. */
export const openApiKind: Kind<'openapi'> = {
  name: 'openapi',
  shape: openApiImplementation,
  reaches: 'outside',
  describedBy: 'author',
  timeoutMs: 30_000,
  describe: () => ({}),
  findFaults,
  call: async ({ implementation }, args, context) => sendHttpCall(buildOpenApiCall(implementation, args), context),
}

function findFaults({ path, parameters }: Implementation<'openapi'>): Fault[] {
  const known = new Set(parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name))
  const unknown = [...path.matchAll(/\{([^{}]*)\}/g)].map(([, name = '']) => name).filter((name) => !known.has(name))
  return unknown.map((name) => ['path', `The path has {${name}}, but there is no such path parameter`])
}
