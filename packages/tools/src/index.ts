/** The tool platform: what a tool is, how one is called, where its credentials come from. */

export { addBuiltIns, findBuiltIn } from './builtins/registry.ts'
export { callTool } from './calls/call-tool.ts'
export { FORGET_CALLS_BATCH, forgetCalls } from './calls/forget-calls.ts'
export { findDefinitions, toFace } from './catalogue/find-tool.ts'
export { readToolSchemas } from './catalogue/read-tool-schemas.ts'
export { resealConnections } from './connections/reseal-connections.ts'
export { implementations as toolImplementations } from './implementations.generated.ts'
export { admitWith } from './kinds/admission.ts'
export { mcpClientsOf } from './mcp/mcp-clients.ts'
export { actInRun } from './port/act-in-run.ts'
export { type BuiltIn, type ToolContext, ToolError } from './port/tool-port.ts'
export { createToolsPart } from './tools-part.ts'
