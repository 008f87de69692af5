import type { JsonObject } from '@orrery/contract'
import type { Tool } from '../catalogue/find-tool.ts'
import { callBound } from '../kinds/call-bound.ts'
import { callHttp } from '../kinds/http.ts'
import { callMcp } from '../kinds/mcp.ts'
import { callOpenApi } from '../kinds/openapi.ts'
import { type ToolContext, ToolError, type ToolResult } from '../port/tool-port.ts'

/** What each kind of tool does. Arguments have been checked. @throws ToolError, OutsideError, ProblemError of connections */
export function performTool(tool: Tool, args: JsonObject, context: ToolContext): Promise<ToolResult> {
  const { made } = tool
  if (made.by === 'orrery') return made.builtIn.call(args, context)
  const { implementation } = made
  switch (implementation.kind) {
    case 'http':
      return callHttp(implementation, args, context)
    case 'openapi':
      return callOpenApi(implementation, args, context)
    case 'mcp':
      return callMcp({ name: tool.name, pin: made.pin, status: made.status, implementation }, args, context)
    case 'builtin':
      return callBound(implementation, args, context)
    case 'workflow':
    case 'pipeline':
      throw new ToolError('StartsRun', `${tool.name} starts a run of its own: a pipeline calls it, or start what it names`, {
        isRetryable: false,
      })
  }
}
