import type { JsonObject, ToolImplementation } from '@orrery/contract'
import { describeMismatch, findMismatch } from '@orrery/kernel'
import { findBuiltIn } from '../builtins/registry.ts'
import { type ToolContext, ToolError, type ToolResult } from '../port/tool-port.ts'
import { presetsOf } from './builtin.ts'

/** Calls a built-in tool with what was set when it was bound to a name. What is set cannot be given: presets win. */
export function callBound(
  implementation: Extract<ToolImplementation, { kind: 'builtin' }>,
  args: JsonObject,
  context: ToolContext,
): Promise<ToolResult> {
  const builtIn = findBuiltIn(implementation.builtIn)
  if (builtIn === null) {
    throw new ToolError('UnknownTool', `There is no built-in tool ${implementation.builtIn}`, { isRetryable: false })
  }
  const whole = { ...args, ...presetsOf(implementation) }
  // A binding may describe its own arguments, which says nothing of what the built-in tool takes.
  const mismatch = findMismatch(builtIn.inputSchema, whole)
  if (mismatch !== null) {
    const message = describeMismatch(`The arguments of ${builtIn.name}`, mismatch)
    throw new ToolError('InvalidArguments', message, { isRetryable: false, details: { ...mismatch } })
  }
  return builtIn.call(whole, context)
}
