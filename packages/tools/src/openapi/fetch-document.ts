import { type JsonObject, problem } from '@orrery/contract'
import { fetchOutside, isDeeperThan, OutsideError, type OutsidePolicy, withinTime } from '@orrery/kernel'

const DEPTH_MAX = 200
const YAML_LETTERS_MAX = 2_000_000
const YAML_MS_MAX = 2000

/** @throws tool.source_failed */
export async function fetchDocument(url: string, policy: OutsidePolicy): Promise<JsonObject> {
  const failed = (detail: string) => problem('tool.source_failed', detail)
  const answer = await fetchOutside({ url, headers: { accept: 'application/json, application/yaml;q=0.9, */*;q=0.1' } }, policy).catch(
    (error: unknown) => {
      throw error instanceof OutsideError ? failed(`${error.message}.`) : error
    },
  )
  const { host } = new URL(answer.url)
  if (answer.status !== 200) throw failed(`${host} answered with status ${answer.status}.`)
  const document = await parseText(Buffer.from(answer.body).toString('utf8'))
  if (document === undefined) throw failed(`The answer of ${host} is neither JSON nor YAML of at most ${YAML_LETTERS_MAX} characters.`)
  if (typeof document !== 'object' || document === null || Array.isArray(document) || isDeeperThan(document, DEPTH_MAX)) {
    throw failed(`The answer of ${host} is not an OpenAPI document.`)
  }
  return document as JsonObject
}

/** Undefined if the text is neither JSON nor YAML. A parse error would quote the text, which may come from an internal network. */
async function parseText(text: string): Promise<unknown> {
  try {
    return JSON.parse(text)
  } catch {
    return text.length > YAML_LETTERS_MAX ? undefined : parseYaml(text)
  }
}

/** Reads the subset of YAML that JSON can express. Undefined if aliases multiply beyond a limit or parsing takes too long. */
async function parseYaml(text: string): Promise<unknown> {
  const { parse } = await import('yaml')
  const parsed = withinTime(YAML_MS_MAX, () => JSON.stringify(parse(text, { maxAliasCount: 100, prettyErrors: false, logLevel: 'error' })))
  return parsed.outcome === 'done' && parsed.value !== undefined ? JSON.parse(parsed.value) : undefined
}
