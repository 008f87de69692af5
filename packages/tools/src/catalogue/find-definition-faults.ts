import type { FieldError, ToolDefinition } from '@orrery/contract'
import { durationMs, findMismatch, findSchemaFault } from '@orrery/kernel'
import type { Fault } from '../kinds/kind.ts'
import { kindOf } from '../kinds/kinds.ts'
import { CALL_MS_MAX } from '../port/tool-port.ts'
import { toFace } from './find-tool.ts'

/** Lists the faults that make a definition unusable. @throws invalid_input for an invalid duration */
export function findDefinitionFaults(name: string, definition: ToolDefinition): FieldError[] {
  const faults: FieldError[] = []
  const fault = (path: string, message: string) => faults.push({ path: `definition.${path}`, message })
  if (definition.timeout !== undefined) {
    const limitMs = durationMs(definition.timeout, 'definition.timeout')
    if (limitMs < 1 || limitMs > CALL_MS_MAX) fault('timeout', 'A call may take at most one hour; use a run for longer work')
  }
  for (const member of ['inputSchema', 'outputSchema'] as const) {
    const why = definition[member] === undefined ? null : findSchemaFault(definition[member])
    if (why !== null) fault(member, `This schema cannot be used: ${why}`)
  }
  const { type } = definition.inputSchema ?? { type: 'object' }
  if (type !== 'object') fault('inputSchema.type', 'Must be object: arguments are an object')
  if (faults.length > 0) return faults
  const { implementation } = definition
  const implementationFaults = kindOf(implementation).findFaults(implementation, toFace(name, definition).inputSchema)
  for (const [path, message] of implementationFaults) fault(`implementation.${path}`, message)
  if (implementationFaults.length === 0) for (const [path, message] of findExampleFaults(name, definition)) fault(path, message)
  return faults
}

function findExampleFaults(name: string, definition: ToolDefinition): Fault[] {
  const { inputSchema, outputSchema } = toFace(name, definition)
  return definition.examples.flatMap(({ with: given, gives }, at): Fault[] => {
    const input = findMismatch(inputSchema, given)
    const output = gives === undefined || outputSchema === undefined ? null : findMismatch(outputSchema, gives)
    return [
      ...(input === null ? [] : [[`examples[${at}].with${input.path}`, input.message] as const]),
      ...(output === null ? [] : [[`examples[${at}].gives${output.path}`, output.message] as const]),
    ]
  })
}
