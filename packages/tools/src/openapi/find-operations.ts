import { type Json, type JsonObject, problem } from '@orrery/contract'
import { asList, asObject, asText, follow, UnreadableOperation } from './document.ts'
import { METHODS, type OpenApiOptions, type OperationContext } from './operation-context.ts'
import { readBaseUrl } from './read-base-url.ts'
import { type OpenApiRequest, readRequest } from './read-request.ts'
import { readResponse } from './read-response.ts'

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
