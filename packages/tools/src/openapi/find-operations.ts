import { type Json, type JsonFields, type JsonObject, problem } from '@orrery/contract'
import { bundleSchema } from './bundle-schema.ts'
import { asList, asObject, asText, follow, UnreadableOperation } from './document.ts'
import { METHODS, type OpenApiOptions, type OperationContext } from './operation-context.ts'
import { type OpenApiRequest, readRequest } from './read-request.ts'

export interface OpenApiOperation {
  readonly id: string
  readonly description: string
  readonly inputSchema: OpenApiRequest['inputSchema']
  readonly outputSchema: OpenApiRequest['inputSchema'] | undefined
  readonly implementation: OpenApiRequest['implementation'] & { readonly kind: 'openapi'; readonly baseUrl: string }
}

const DESCRIPTION_LETTERS_MAX = 4_000

export interface FoundOperation {
  readonly id: string
  /**
   * Reads the operation. This may convert all schemas of the document, so it is called only for the operations that are wanted.
   * @throws UnreadableOperation
   */
  read(): OpenApiOperation
}

/** Lists the operations of an OpenAPI 3.x document. @throws tool.source_failed if the document is not OpenAPI 3 */
export function findOperations(document: JsonObject, options: OpenApiOptions) {
  const version = asText(document.openapi) ?? ''
  if (!/^3\.[0-9]+(\.|$)/.test(version)) {
    const said = asText(document.swagger) === undefined ? 'It has no member openapi' : 'It is a Swagger 2.0 document'
    throw problem('tool.source_failed', `This is not an OpenAPI 3 document. ${said}; the version must be 3.0 or 3.1.`)
  }
  const operations: FoundOperation[] = []
  const seen = new Set<string>()
  for (const [path, item] of Object.entries(asObject(document.paths) ?? {})) {
    const pathItem = readPathItem(document, item)
    for (const method of METHODS) {
      const operation = asObject(pathItem[method.toLowerCase()])
      if (operation === undefined) continue
      const id = asText(operation.operationId) ?? `${method.toLowerCase()}${path}`.replaceAll(/[^A-Za-z0-9]+/g, '_').replace(/_$/, '')
      const isDuplicate = seen.has(id)
      seen.add(id)
      operations.push({
        id,
        read() {
          if (isDuplicate) throw new UnreadableOperation('Another operation has the same id')
          return readOperation({ document, pathItem, operation, path, method, is30: version.startsWith('3.0') }, id, options)
        },
      })
    }
  }
  return { title: (asText(asObject(document.info)?.title) ?? '').slice(0, 200), operations }
}

/** An empty object if the item cannot be read. */
function readPathItem(document: JsonObject, item: Json): JsonObject {
  try {
    return asObject(follow(document, item)) ?? {}
  } catch (error) {
    if (!(error instanceof UnreadableOperation)) throw error
    return {}
  }
}

function readOperation(at: OperationContext, id: string, options: OpenApiOptions): OpenApiOperation {
  const { document, pathItem, operation, path, method } = at
  const servers = [operation.servers, pathItem.servers, document.servers].map(asList).find((list) => list.length > 0) ?? []
  const baseUrl = readBaseUrl(servers[0], options)
  const { inputSchema, implementation } = readRequest(at)
  const texts = [asText(operation.summary), asText(operation.description)].filter((text) => text !== undefined && text.trim() !== '')
  const description = (texts.join('. ') || `${method} ${path}`).slice(0, DESCRIPTION_LETTERS_MAX).toWellFormed().replaceAll('\0', '')
  return { id, description, inputSchema, outputSchema: readResponse(at), implementation: { kind: 'openapi', baseUrl, ...implementation } }
}

/** The schema of successful responses. Undefined unless the document has a schema for each of them. @throws UnreadableOperation */
function readResponse({ document, operation, is30 }: OperationContext): JsonFields | undefined {
  const responses = Object.entries(asObject(operation.responses) ?? {}).filter(([status]) => /^2(\d\d|XX)$/i.test(status))
  const schemas = responses.map(([status, response]) => schemaOf(status, asObject(follow(document, response))?.content))
  const known = schemas.filter((schema) => schema !== undefined)
  const [first, ...others] = known
  if (first === undefined || known.length < schemas.length) return undefined
  return bundleSchema(document, others.length === 0 ? first : { anyOf: known }, { is30, side: 'response' })
}

/** Undefined: the document does not say. A response without `content` says nothing about its body, unless its status rules one out. */
function schemaOf(status: string, content: Json | undefined): Json | undefined {
  // RFC 9110, sections 15.3.5 and 15.3.6.
  if (status === '204' || status === '205') return { type: 'null' }
  const types = Object.entries(asObject(content) ?? {})
  if (types.length === 0) return undefined
  const json = types.filter(([type]) => /^application\/([a-z0-9.-]+\+)?json\b/i.test(type))
  // If the response may also have another media type, its schema is not known in advance.
  return json.length === types.length ? asObject(json[0]?.[1])?.schema : undefined
}

const URL_LETTERS_MAX = 2048

/** The URL of a Server Object with its variables at their defaults. @throws UnreadableOperation if the URL cannot be called */
function readBaseUrl(server: Json | undefined, { documentUrl, baseUrl }: OpenApiOptions): string {
  if (baseUrl !== undefined) return trim(baseUrl)
  const { url, variables } = asObject(server) ?? {}
  const template = asText(url) ?? '/'
  const filled = template.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => asText(asObject(asObject(variables)?.[name])?.default) ?? '')
  // The regular expressions below search the URL several times, and definitions reject a longer URL anyway.
  if (filled.length > URL_LETTERS_MAX) throw new UnreadableOperation(`The URL of its server has more than ${URL_LETTERS_MAX} characters`)
  const address = URL.parse(filled, documentUrl)
  if (address === null) throw new UnreadableOperation('The document has no absolute URL of its server; pass baseUrl')
  if (!/^https?:$/.test(address.protocol)) throw new UnreadableOperation(`Its server uses ${address.protocol} instead of HTTP`)
  if (address.username !== '' || address.password !== '') throw new UnreadableOperation('The URL of its server contains credentials')
  return trim(address.href)
}

function trim(url: string): string {
  return url.replace(/[?#].*$/, '').replace(/\/+$/, '')
}
