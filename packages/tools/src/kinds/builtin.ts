import { isObject, type Json, type JsonObject, type ToolImplementation } from '@orrery/contract'
import { findBuiltIn } from '../builtins/registry.ts'
import type { ToolFace } from '../port/tool-port.ts'

type Binding = Extract<ToolImplementation, { kind: 'builtin' }>

/** The arguments that a binding sets; the connection is one of them. */
export function presetsOf({ with: presets = {}, connection }: Binding): JsonObject {
  return connection === undefined ? presets : { ...presets, connection }
}

/** The face of a built-in tool without the arguments that are set already. Empty if there is none of this name. */
export function bindBuiltIn(binding: Binding): Partial<Pick<ToolFace, 'inputSchema' | 'outputSchema' | 'scopes'>> {
  const builtIn = findBuiltIn(binding.builtIn)
  if (builtIn === null) return {}
  const { outputSchema, scopes } = builtIn
  const inputSchema = without(builtIn.inputSchema, new Set(Object.keys(presetsOf(binding))))
  return { inputSchema, scopes, ...(outputSchema === undefined ? {} : { outputSchema }) }
}

function without(schema: JsonObject, set: ReadonlySet<string>): JsonObject {
  const properties = isObject(schema.properties) ? schema.properties : {}
  const required = Array.isArray(schema.required) ? schema.required : []
  const { oneOf, ...rest } = schema
  // A choice between arguments of which one is set is made. Whether what is given fits it, the built-in tool is asked with all of them.
  const isOpen = oneOf !== undefined && !speaksOf(oneOf, set)
  return {
    ...rest,
    ...(isOpen ? { oneOf } : {}),
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !set.has(name))),
    required: required.filter((name) => typeof name !== 'string' || !set.has(name)),
  }
}

function speaksOf(choices: Json, names: ReadonlySet<string>): boolean {
  if (!Array.isArray(choices)) return false
  return choices.some((one) => isObject(one) && Array.isArray(one.required) && one.required.some((name) => names.has(String(name))))
}
