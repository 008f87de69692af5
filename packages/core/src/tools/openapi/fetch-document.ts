import { problem } from '@orrery/contract'
import { fetchOutside } from '../../outside/fetch-outside.ts'
import { OutsideError } from '../../outside/outside-error.ts'
import type { OutsidePolicy } from '../../outside/outside-policy.ts'
import { isDeeperThan } from '../../validate-input.ts'
import type { JsonObject } from '../tool-port.ts'

const DEPTH_MAX = 200

/** @throws tool.source_failed */
export async function fetchDocument(url: string, policy: OutsidePolicy): Promise<JsonObject> {
  const failed = (detail: string) => problem('tool.source_failed', detail)
  const answer = await fetchOutside({ url, headers: { accept: 'application/json' } }, policy).catch((error: unknown) => {
    throw error instanceof OutsideError ? failed(`${error.message}.`) : error
  })
  const { host } = new URL(answer.url)
  if (answer.status !== 200) throw failed(`${host} answered with status ${answer.status}.`)
  const document = parse(Buffer.from(answer.body).toString('utf8'))
  if (document === undefined) throw failed(`What ${host} answered is not JSON. Convert a document in YAML first.`)
  if (typeof document !== 'object' || document === null || Array.isArray(document) || isDeeperThan(document, DEPTH_MAX)) {
    throw failed(`What ${host} answered is no OpenAPI document.`)
  }
  return document as JsonObject
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Its error would show parts of what may lie in a network of ours.
    return undefined
  }
}
