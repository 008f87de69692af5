import type { FieldError, ToolDefinition } from '@orrery/contract'
import { durationMs, findMismatch, findSchemaFault } from '@orrery/kernel'
import type { Fault } from '../kinds/kind.ts'
import { kindOf } from '../kinds/kinds.ts'
import { CALL_MS_MAX } from '../port/tool-port.ts'
import { toFace } from './find-tool.ts'

/** What keeps a definition from ever working, by path. @throws invalid_input for a limit that is no duration */
export function findDefinitionFaults(name: string, definition: ToolDefinition): FieldError[] {
  const faults: FieldError[] = []
  const fault = (path: string, message: string) => faults.push({ path: `definition.${path}`, message })
  if (definition.timeout !== undefined) {
    const limitMs = durationMs(definition.timeout, 'definition.timeout')
    if (limitMs < 1 || limitMs > CALL_MS_MAX) fault('timeout', 'A call takes at most an hour; what takes longer is a run')
  }
  for (const member of ['inputSchema', 'outputSchema'] as const) {
    const why = definition[member] === undefined ? null : findSchemaFault(definition[member])
    if (why !== null) fault(member, `This schema cannot be used: ${why}`)
  }
  const { type } = definition.inputSchema ?? { type: 'object' }
  if (type !== 'object') fault('inputSchema.type', 'Arguments are an object')
  if (faults.length > 0) return faults
  const { implementation } = definition
  const inside = kindOf(implementation).findFaults(implementation, toFace(name, definition).inputSchema)
  for (const [path, message] of inside) fault(`implementation.${path}`, message)
  if (inside.length === 0) for (const [path, message] of findExampleFaults(name, definition)) fault(path, message)
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
