import type { JsonObject, ToolImplementation } from '@orrery/contract'
import { exchange } from '../http/send-http-call.ts'
import { buildOpenApiCall } from '../openapi/build-open-api-call.ts'
import type { ToolContext, ToolResult } from '../port/tool-port.ts'

/** @throws ToolError, OutsideError */
export async function callOpenApi(
  implementation: Extract<ToolImplementation, { kind: 'openapi' }>,
  args: JsonObject,
  context: ToolContext,
): Promise<ToolResult> {
  return exchange(buildOpenApiCall(implementation, args), context)
}
