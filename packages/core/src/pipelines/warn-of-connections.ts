import { isObject, type Json, type PipelineDefinition, type ToolImplementation } from '@orrery/contract'
import { listSteps, type PipelineProblem } from '@orrery/expressions'
import type { Transaction } from '@orrery/kernel'
import { findBuiltIn, findDefinitions, findMissingConnections } from '@orrery/tools'

/** A tool that is called with literal arguments, and what to say where. */
export interface NamedCall {
  readonly step: string | null
  readonly path: string
  readonly tool: string
  readonly args: Json
}

/** Warnings of connections that tools would use and that do not exist. A connection may be made later, so they are not errors. */
export async function warnOfConnections(tx: Transaction, org: string, definition: PipelineDefinition): Promise<PipelineProblem[]> {
  const calls = listSteps(definition).flatMap(({ step, path }): NamedCall[] =>
    'uses' in step ? [{ step: step.id, path, tool: step.uses, args: step.with ?? {} }] : [],
  )
  return warnOfCalls(tx, org, calls)
}

export async function warnOfCalls(tx: Transaction, org: string, calls: readonly NamedCall[]): Promise<PipelineProblem[]> {
  const ofTools = await connectionsOfTools(tx, org, [...new Set(calls.map(({ tool }) => tool))])
  const uses = calls.flatMap((call) => {
    const { tool, path } = call
    const fixed = ofTools.get(tool)
    if (fixed !== undefined)
      return [
        { ...call, connection: fixed, path: `${path}.uses`, what: `The tool ${tool} uses the connection ${fixed}, which does not exist` },
      ]
    const named = namedIn(call)
    return named === null ? [] : [{ ...call, connection: named, path: `${path}.with.connection`, what: `There is no connection ${named}` }]
  })
  const missing = await findMissingConnections(
    tx,
    org,
    uses.map(({ connection }) => connection),
  )
  return uses.flatMap(({ step, path, connection, what }) =>
    missing.has(connection) ? [{ severity: 'warning', step, path, message: what }] : [],
  )
}

/** The connection that a built-in tool gets as an argument, unless it is known in a run only. */
function namedIn({ tool, args }: NamedCall): string | null {
  const { properties } = (findBuiltIn(tool)?.inputSchema ?? {}) as { readonly properties?: object }
  if (properties === undefined || !Object.hasOwn(properties, 'connection') || !isObject(args)) return null
  const { connection } = args
  return typeof connection === 'string' && !connection.includes('${') ? connection : null
}

/** By name of a tool: the connection that its definition names. */
async function connectionsOfTools(tx: Transaction, org: string, names: readonly string[]): Promise<Map<string, string>> {
  const own = names.filter((name) => findBuiltIn(name) === null)
  if (own.length === 0) return new Map()
  const definitions = await findDefinitions(tx, org, own)
  return new Map(
    definitions.flatMap(({ name, definition }): [string, string][] => {
      const connection = connectionOf(definition.implementation)
      return connection === undefined ? [] : [[name, connection]]
    }),
  )
}

const connectionOf = (implementation: ToolImplementation): string | undefined =>
  'connection' in implementation ? implementation.connection : undefined
