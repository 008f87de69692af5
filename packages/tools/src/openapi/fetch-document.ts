import { problem } from '@orrery/contract'
import { fetchOutside, OutsideError, type OutsidePolicy } from '@orrery/kernel'

export interface FetchedDocument {
  readonly text: string
  /** The host that answered. */
  readonly host: string
}

/** @throws tool.source_failed */
export async function fetchDocument(url: string, policy: OutsidePolicy): Promise<FetchedDocument> {
  const failed = (detail: string) => problem('tool.source_failed', detail)
  const answer = await fetchOutside({ url, headers: { accept: 'application/json, application/yaml;q=0.9, */*;q=0.1' } }, policy).catch(
    (error: unknown) => {
      throw error instanceof OutsideError ? failed(`${error.message}.`) : error
    },
  )
  const { host } = new URL(answer.url)
  if (answer.status !== 200) throw failed(`${host} answered with status ${answer.status}.`)
  return { text: Buffer.from(answer.body).toString('utf8'), host }
}
