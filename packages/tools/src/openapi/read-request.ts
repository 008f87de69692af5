import type { Json, JsonFields, JsonObject, ToolImplementation } from '@orrery/contract'
import { bundleSchema } from './bundle-schema.ts'
import { asList, asObject, asText, follow, UnreadableOperation } from './document.ts'
import type { OperationContext } from './operation-context.ts'

type Implementation = Extract<ToolImplementation, { kind: 'openapi' }>
type Parameter = Implementation['parameters'][number]

export interface OpenApiRequest {
  readonly inputSchema: JsonFields
  readonly implementation: Pick<Implementation, 'method' | 'path' | 'parameters' | 'body'>
}

/** Headers that the specification describes in other places and ignores as parameters (Parameter Object, `name`). */
const OTHER_HEADERS = /^(accept|content-type|authorization)$/i
const STYLES = ['simple', 'form', 'spaceDelimited', 'pipeDelimited', 'deepObject'] as const

interface Argument {
  readonly name: string
  readonly schema: Json
  readonly isRequired: boolean
}

/**
 * Reads the input of an operation: each parameter becomes an argument of its name, and the body becomes `body`.
 * @throws UnreadableOperation
 */
export function readRequest(at: OperationContext): OpenApiRequest {
  const { document, method, path, is30 } = at
  const taken = new Map<string, Argument>()
  const parameters: Parameter[] = []
  const collected = collectParameters(at)
  const given = new Set(collected.map(({ name }) => name))
  for (const found of collected) {
    const { name, location, isRequired, schema, style, explode, description } = found
    const argument = taken.has(name) ? inventName(`${location}_${name}`, given, taken) : name
    taken.set(argument, { name: argument, schema: withDescription(schema, description), isRequired })
    parameters.push({
      name,
      in: location,
      argument,
      ...(style === undefined ? {} : { style }),
      ...(explode === undefined ? {} : { explode }),
    })
  }
  for (const [, name = ''] of path.matchAll(/\{([^{}]*)\}/g)) {
    if (!parameters.some((parameter) => parameter.in === 'path' && parameter.name === name))
      throw new UnreadableOperation(`Its path has {${name}}, but there is no such path parameter`)
  }
  const body = readBody(at)
  const bodyArgument = taken.has('body') ? inventName('request_body', given, taken) : 'body'
  if (body !== null) taken.set(bodyArgument, { name: bodyArgument, schema: body.schema, isRequired: body.isRequired })
  const properties = Object.fromEntries([...taken.values()].map(({ name, schema }) => [name, schema]))
  const required = [...taken.values()].filter(({ isRequired }) => isRequired).map(({ name }) => name)
  const schema: JsonObject = { type: 'object', properties, required, additionalProperties: false }
  return {
    inputSchema: bundleSchema(document, schema, { is30, side: 'request' }),
    implementation: {
      method,
      path,
      parameters,
      ...(body === null ? {} : { body: { argument: bodyArgument, mediaType: body.mediaType } }),
    },
  }
}

/** A name that neither a parameter of the document nor another argument has. */
function inventName(wanted: string, given: ReadonlySet<string>, taken: ReadonlyMap<string, unknown>): string {
  let name = wanted
  for (let count = 2; given.has(name) || taken.has(name); count += 1) name = `${wanted}_${count}`
  return name
}

interface FoundParameter {
  readonly name: string
  readonly location: Parameter['in']
  readonly isRequired: boolean
  readonly schema: Json
  readonly style: Parameter['style']
  readonly explode: boolean | undefined
  readonly description: string | undefined
}

/** The parameters of the path item. Parameters of the operation override those with the same name and location. */
function collectParameters({ document, pathItem, operation }: OperationContext): FoundParameter[] {
  const found = new Map<string, FoundParameter>()
  for (const given of [...asList(pathItem.parameters), ...asList(operation.parameters)]) {
    const parameter = asObject(follow(document, given)) ?? {}
    const [name, location] = [asText(parameter.name) ?? '', asText(parameter.in) ?? '']
    const isRequired = parameter.required === true || location === 'path'
    const reason = findParameterFault(parameter, name, location)
    if (reason === null) {
      const style = STYLES.find((known) => known === parameter.style)
      const explode = typeof parameter.explode === 'boolean' ? parameter.explode : undefined
      const description = asText(parameter.description)
      found.set(`${location} ${name}`, {
        name,
        location: location as Parameter['in'],
        isRequired,
        schema: parameter.schema ?? true,
        style,
        explode,
        description,
      })
    } else if (isRequired && !(location === 'header' && OTHER_HEADERS.test(name)))
      throw new UnreadableOperation(`It requires the parameter ${name}: ${reason}`)
  }
  return [...found.values()]
}

function findParameterFault(parameter: JsonObject, name: string, location: string): string | null {
  if (name === '') return 'it has no name'
  if (location === 'cookie') return 'cookies are not supported'
  if (location !== 'path' && location !== 'query' && location !== 'header') return 'its location is unknown'
  if (location === 'header' && OTHER_HEADERS.test(name)) return 'this header is set by Orrery'
  if (parameter.content !== undefined) return 'parameters with a media type are not supported'
  const { style } = parameter
  return style === undefined || STYLES.some((known) => known === style) ? null : `its style ${String(style)} is unknown`
}

function withDescription(schema: Json, description: string | undefined): Json {
  const object = asObject(schema)
  if (object === undefined || description === undefined || object.description !== undefined || object.$ref !== undefined) return schema
  return { ...object, description: description.slice(0, 2_000) }
}

interface Body {
  readonly mediaType: string
  readonly schema: Json
  readonly isRequired: boolean
}

const READABLE = [
  /^application\/json\b/i,
  /^application\/[a-z0-9.-]+\+json\b/i,
  /^application\/x-www-form-urlencoded\b/i,
  /^text\/plain\b/i,
]

function readBody({ document, operation, method }: OperationContext): Body | null {
  const body = asObject(follow(document, operation.requestBody))
  if (body === undefined || method === 'GET' || method === 'HEAD') return null
  const isRequired = body.required === true
  const content = Object.entries(asObject(body.content) ?? {})
  for (const readable of READABLE) {
    const found = content.find(([type]) => readable.test(type))
    if (found !== undefined) return { mediaType: found[0].split(';')[0] ?? '', schema: asObject(found[1])?.schema ?? true, isRequired }
  }
  const types = content.map(([type]) => type).join(', ')
  if (isRequired) throw new UnreadableOperation(`The media type of its body is not supported (${types.slice(0, 200)})`)
  return null
}
