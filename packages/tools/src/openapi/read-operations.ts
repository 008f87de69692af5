import { type JsonObject, problem } from '@orrery/contract'
import { defineComputations, isDeeperThan } from '@orrery/kernel'
import { UnreadableOperation } from './document.ts'
import { findOperations } from './find-operations.ts'
import type { OpenApiOptions } from './operation-context.ts'

const DEPTH_MAX = 200
const YAML_LETTERS_MAX = 2_000_000
/** Processor time. A document of 5 MB with 500 operations takes two seconds. */
const MS_MAX = 20_000

export interface OperationsQuery {
  /** JSON, or YAML of at most two million characters. */
  readonly text: string
  /** For messages: `The document`, or the answer of a server. */
  readonly source: string
  readonly options: OpenApiOptions
  /** Ids of operations. Absent: all. */
  readonly only?: readonly string[]
  readonly limit: number
}

export interface ReadOperations {
  readonly title: string
  /** Each is an OpenApiOperation as JSON text, so that the server reads them one by one. */
  readonly operations: readonly string[]
  readonly leftOut: readonly { readonly operation: string; readonly reason: string }[]
}

/** The operations of an OpenAPI document: pure, and as slow as the document wants. @throws tool.source_failed @computed */
export async function readOperations({ text, source, options, only, limit }: OperationsQuery): Promise<ReadOperations> {
  const document = await parseDocument(text, source)
  const { title, operations: found } = findOperations(document, options)
  const operations: string[] = []
  const leftOut: { operation: string; reason: string }[] = []
  for (const { id, read } of found) {
    if (!(only?.includes(id) ?? true)) continue
    if (operations.length === limit) {
      leftOut.push({ operation: id, reason: `The import was limited to ${limit} operations` })
      continue
    }
    try {
      operations.push(JSON.stringify(read()))
    } catch (error) {
      if (!(error instanceof UnreadableOperation)) throw error
      leftOut.push({ operation: id, reason: error.message })
    }
  }
  return { title, operations, leftOut }
}

export const operationsComputation = defineComputations(import.meta.url, { readOperations }, MS_MAX).readOperations

async function parseDocument(text: string, source: string): Promise<JsonObject> {
  const document = await parseText(text)
  if (document === undefined) throw failed(`${source} is neither JSON nor YAML of at most ${YAML_LETTERS_MAX} characters.`)
  if (typeof document !== 'object' || document === null || Array.isArray(document) || isDeeperThan(document, DEPTH_MAX)) {
    throw failed(`${source} is not an OpenAPI document.`)
  }
  return document as JsonObject
}

const failed = (detail: string) => problem('tool.source_failed', detail)

/** Undefined if the text is neither JSON nor YAML. A parse error would quote the text, which may come from an internal network. */
async function parseText(text: string): Promise<unknown> {
  try {
    return JSON.parse(text)
  } catch {
    return text.length > YAML_LETTERS_MAX ? undefined : parseYaml(text)
  }
}

/** Reads the subset of YAML that JSON can express. Undefined if aliases multiply beyond a limit. */
async function parseYaml(text: string): Promise<unknown> {
  const { parse } = await import('yaml')
  try {
    return JSON.parse(JSON.stringify(parse(text, { maxAliasCount: 100, prettyErrors: false, logLevel: 'error' })))
  } catch {
    return undefined
  }
}
