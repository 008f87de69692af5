import { builtInImplementation, isObject, type Json, type JsonObject } from '@orrery/contract'
import { describeMismatch, findMismatch } from '@orrery/kernel'
import { findBuiltIn } from '../builtins/built-ins.ts'
import { ToolError } from '../port/tool-port.ts'
import type { DescribedFace, Fault, Implementation, Kind } from './kind.ts'

type Binding = Implementation<'builtin'>

/** A built-in tool under another name, with some of its arguments preset. */
export const builtInKind: Kind<'builtin'> = {
  name: 'builtin',
  shape: builtInImplementation,
  reaches: 'built-in',
  describedBy: 'author',
  timeoutMs: 30_000,
  describe,
  findFaults,

  async call({ implementation }, args, context) {
    const builtIn = findBuiltIn(implementation.builtIn)
    if (builtIn === null) {
      throw new ToolError('UnknownTool', `There is no built-in tool ${implementation.builtIn}`, { isRetryable: false })
    }
    // Presets override arguments of the caller.
    const whole = { ...args, ...presetsOf(implementation) }
    // The binding may have an inputSchema of its own, so check the arguments against the schema of the built-in tool too.
    const mismatch = findMismatch(builtIn.inputSchema, whole)
    if (mismatch !== null) {
      const message = describeMismatch(`The arguments of ${builtIn.name}`, mismatch)
      throw new ToolError('InvalidArguments', message, { isRetryable: false, details: { ...mismatch } })
    }
    return builtIn.call(whole, context)
  },
}

/** The arguments that a binding sets, including the connection. */
function presetsOf({ with: presets = {}, connection }: Binding): JsonObject {
  return connection === undefined ? presets : { ...presets, connection }
}

/** The face of the built-in tool without the arguments that are preset. Empty if there is no built-in tool with this name. */
function describe(binding: Binding): DescribedFace {
  const builtIn = findBuiltIn(binding.builtIn)
  if (builtIn === null) return {}
  const { outputSchema, scopes } = builtIn
  const inputSchema = without(builtIn.inputSchema, new Set(Object.keys(presetsOf(binding))))
  return { inputSchema, scopes, ...(outputSchema === undefined ? {} : { outputSchema }) }
}

function findFaults(binding: Binding): Fault[] {
  const builtIn = findBuiltIn(binding.builtIn)
  if (builtIn === null) return [['builtIn', `There is no built-in tool ${binding.builtIn}`]]
  const placeOf = (name: string) => (name === 'connection' && binding.connection !== undefined ? name : `with.${name}`)
  const { properties } = builtIn.inputSchema as { properties: Readonly<Record<string, JsonObject>> }
  return Object.entries(presetsOf(binding)).flatMap(([name, value]): Fault[] => {
    if (!Object.hasOwn(properties, name)) return [[placeOf(name), `${builtIn.name} has no argument ${name}`]]
    const mismatch = findMismatch(properties[name] ?? {}, value)
    return mismatch === null ? [] : [[`${placeOf(name)}${mismatch.path}`, mismatch.message]]
  })
}

function without(schema: JsonObject, set: ReadonlySet<string>): JsonObject {
  const properties = isObject(schema.properties) ? schema.properties : {}
  const required = Array.isArray(schema.required) ? schema.required : []
  const { oneOf, ...rest } = schema
  // If a preset argument is part of a `oneOf`, the choice is already made, so drop it. The built-in tool still checks all arguments.
  const isUndecided = oneOf !== undefined && !namesAny(oneOf, set)
  return {
    ...rest,
    ...(isUndecided ? { oneOf } : {}),
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !set.has(name))),
    required: required.filter((name) => typeof name !== 'string' || !set.has(name)),
  }
}

function namesAny(choices: Json, names: ReadonlySet<string>): boolean {
  if (!Array.isArray(choices)) return false
  return choices.some((one) => isObject(one) && Array.isArray(one.required) && one.required.some((name) => names.has(String(name))))
}
