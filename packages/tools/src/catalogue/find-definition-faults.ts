import type { FieldError, ToolDefinition } from '@orrery/contract'
import { durationMs, type SchemaChecks } from '@orrery/kernel'
import type { Fault } from '../kinds/kind.ts'
import { kindOf } from '../kinds/kinds.ts'
import { CALL_MS_MAX } from '../port/tool-port.ts'
import { toFace } from './find-tool.ts'

/** Lists the faults that make a definition unusable. @throws invalid_input for an invalid duration */
export async function findDefinitionFaults(schemas: SchemaChecks, name: string, definition: ToolDefinition): Promise<FieldError[]> {
  const faults: FieldError[] = []
  const fault = (path: string, message: string) => faults.push({ path: `definition.${path}`, message })
  if (definition.timeout !== undefined) {
    const limitMs = durationMs(definition.timeout, 'definition.timeout')
    if (limitMs < 1 || limitMs > CALL_MS_MAX) fault('timeout', 'A call may take at most one hour; use a run for longer work')
  }
  for (const member of ['inputSchema', 'outputSchema'] as const) {
    const why = definition[member] === undefined ? null : await schemas.findFault(definition[member])
    if (why !== null) fault(member, `This schema cannot be used: ${why}`)
  }
  const { type } = definition.inputSchema ?? { type: 'object' }
  if (type !== 'object') fault('inputSchema.type', 'Must be object: arguments are an object')
  if (faults.length > 0) return faults
  const { implementation } = definition
  const implementationFaults = kindOf(implementation).findFaults(implementation, toFace(name, definition).inputSchema)
  for (const [path, message] of implementationFaults) fault(`implementation.${path}`, message)
  if (implementationFaults.length === 0)
    for (const [path, message] of await findExampleFaults(schemas, name, definition)) fault(path, message)
  return faults
}

async function findExampleFaults(schemas: SchemaChecks, name: string, definition: ToolDefinition): Promise<Fault[]> {
  const { inputSchema, outputSchema } = toFace(name, definition)
  const faults: Fault[] = []
  for (const [at, { with: given, gives }] of definition.examples.entries()) {
    const input = await schemas.findMismatch(inputSchema, given)
    const output = gives === undefined || outputSchema === undefined ? null : await schemas.findMismatch(outputSchema, gives)
    if (input !== null) faults.push([`examples[${at}].with${input.path}`, input.message])
    if (output !== null) faults.push([`examples[${at}].gives${output.path}`, output.message])
  }
  return faults
}
