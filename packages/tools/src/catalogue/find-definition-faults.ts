import type { FieldError, Json, JsonObject, ToolDefinition, ToolImplementation } from '@orrery/contract'
import { durationMs, findMismatch, findSchemaFault } from '@orrery/kernel'
import { findBuiltIn } from '../builtins/registry.ts'
import { CALL_MS_MAX } from '../calls/tool-call.ts'
import { placeholdersIn } from '../http/fill-template.ts'
import { presetsOf } from '../kinds/builtin.ts'
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
  const inside = findImplementationFaults(definition.implementation, toFace(name, definition).inputSchema)
  for (const [path, message] of inside) fault(`implementation.${path}`, message)
  if (inside.length === 0) for (const [path, message] of findExampleFaults(name, definition)) fault(path, message)
  return faults
}

type Fault = readonly [path: string, message: string]

function findImplementationFaults(implementation: ToolImplementation, inputSchema: JsonObject): Fault[] {
  switch (implementation.kind) {
    case 'http':
      return findHttpFaults(implementation, inputSchema)
    case 'openapi': {
      const { path, parameters } = implementation
      const known = new Set(parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name))
      const unknown = [...path.matchAll(/\{([^{}]*)\}/g)].map(([, name = '']) => name).filter((name) => !known.has(name))
      return unknown.map((name) => ['path', `There is no parameter ${name} in path`])
    }
    case 'builtin':
      return findBindingFaults(implementation)
    case 'mcp':
    case 'workflow':
    case 'pipeline':
      return []
  }
}

/** What stands in a definition can be read by everybody in the organization. */
const SECRET_HEADERS = /^(authorization|proxy-authorization|cookie|x-api-key|api-key)$/i

function findHttpFaults(implementation: Extract<ToolImplementation, { kind: 'http' }>, inputSchema: JsonObject): Fault[] {
  const { method, url, headers = {}, query = {}, body } = implementation
  const { required } = inputSchema
  const needed = new Set(Array.isArray(required) ? required : [])
  const faults: Fault[] = []
  const parts: Readonly<Record<string, Json>> = { url, headers, query, ...(body === undefined ? {} : { body }) }
  for (const [part, value] of Object.entries(parts)) {
    for (const name of placeholdersIn(value)) {
      if (!isProperty(inputSchema, name)) faults.push([part, `{${name}} is no argument: inputSchema.properties does not have it`])
      else if (part === 'url' && !needed.has(name))
        faults.push([part, `{${name}} is part of the address, so inputSchema has to require it`])
    }
  }
  if (body !== undefined && (method === 'GET' || method === 'HEAD')) faults.push(['body', `A ${method} request has no body`])
  for (const name of Object.keys(headers)) {
    if (SECRET_HEADERS.test(name)) faults.push([`headers.${name}`, 'Credentials belong into a connection, which keeps them sealed'])
  }
  return faults
}

function findBindingFaults(implementation: Extract<ToolImplementation, { kind: 'builtin' }>): Fault[] {
  const builtIn = findBuiltIn(implementation.builtIn)
  if (builtIn === null) return [['builtIn', `There is no built-in tool ${implementation.builtIn}`]]
  const placeOf = (name: string) => (name === 'connection' && implementation.connection !== undefined ? name : `with.${name}`)
  const { properties } = builtIn.inputSchema as { properties: Readonly<Record<string, JsonObject>> }
  return Object.entries(presetsOf(implementation)).flatMap(([name, value]): Fault[] => {
    if (!Object.hasOwn(properties, name)) return [[placeOf(name), `${builtIn.name} has no argument ${name}`]]
    const mismatch = findMismatch(properties[name] ?? {}, value, true)
    return mismatch === null ? [] : [[`${placeOf(name)}${mismatch.path}`, mismatch.message]]
  })
}

function isProperty({ properties }: JsonObject, name: string): boolean {
  return typeof properties === 'object' && properties !== null && Object.hasOwn(properties, name)
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
