import type { OutputOf } from '@orrery/contract'
import type { Operations } from './operations.ts'

interface Counts {
  readonly steps: number
  readonly attempts: number
  readonly last: string | null
}

const PAGE_ROWS = 200

const nameOf = (entry: Pick<OutputOf<'runs.history'>['items'][number], 'name' | 'step'> | undefined): string | null =>
  entry?.step ?? entry?.name ?? null

/** Counts the recorded steps and attempts. It reads only new rows: a history grows at its end, so only the last page is read again. */
export function tailHistory(client: Operations, runId: string): () => Promise<Counts> {
  let cursor: string | undefined
  let whole = { steps: 0, attempts: 0 }
  return async () => {
    for (;;) {
      const page = await client.runs.history({ runId, limit: PAGE_ROWS, ...(cursor === undefined ? {} : { cursor }) })
      const steps = whole.steps + page.items.filter((entry) => entry.kind === 'step').length
      const attempts = whole.attempts + page.items.filter((entry) => entry.kind === 'attempt').length
      if (page.nextCursor === null) return { steps, attempts, last: nameOf(page.items.at(-1)) }
      cursor = page.nextCursor
      whole = { steps, attempts }
    }
  }
}
