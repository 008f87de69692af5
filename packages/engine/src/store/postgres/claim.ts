import type pg from 'pg'
import { type Claim, type ClaimedRun, type ClaimRequest, DUE_LOOK_MAX, type OrgId } from '../store.ts'
import { Ambiguous, Fenced } from '../store-errors.ts'
import { claimStatement } from './claim-statement.ts'
import { classifyError } from './classify-error.ts'
import { unpackRows } from './payload.ts'
import { type StoredRun, toRunRow } from './run-columns.ts'

interface ClaimRow extends StoredRun {
  readonly fence: number
  readonly more: boolean
  readonly gated: boolean
  readonly readied: readonly string[]
  /** The run's position in the round. Null in the one row of a claim that found nothing. */
  readonly n: string | null
  readonly wakes: number
  readonly nextSeq: number
  readonly base: number
  readonly crashes: number
  readonly begun: boolean
  readonly holds: boolean
  readonly pauseRequested: boolean
}

/** The org that this process served last. The next claim begins after it. */
interface ClaimCursor {
  org: OrgId
}

export const firstCursor = (): ClaimCursor => ({ org: '00000000-0000-0000-0000-000000000000' })

const ROUNDS_MAX = 4

export async function claimRuns(pool: pg.Pool, request: ClaimRequest, cursor: ClaimCursor): Promise<Claim> {
  const claimed: ClaimRow[] = []
  const readied = new Set<string>()
  for (let round = 0; round < ROUNDS_MAX && claimed.length < request.limit; round++) {
    const rows = await claimOnce(pool, { ...request, limit: request.limit - claimed.length }, cursor)
    const first = rows[0]
    if (first === undefined || first.fence === 0) throw new Fenced(`worker ${request.worker} is fenced`)
    const found = rows.filter((row) => row.n !== null)
    claimed.push(...found)
    for (const queue of first.readied) readied.add(queue)
    cursor.org = found.at(-1)?.org ?? cursor.org
    if (first.gated) await pool.query({ name: 'admit_due', text: 'select engine.admit_due($1)', values: [request.queues] })
    else if (!first.more) break
  }
  return { runs: (await unpackRows(pool, claimed, ['input'])).map(toClaimed), readied: [...readied] }
}

async function claimOnce(pool: pg.Pool, request: ClaimRequest, cursor: ClaimCursor): Promise<ClaimRow[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      const values = [request.worker, request.queues, request.orgs, request.limit, cursor.org, DUE_LOOK_MAX]
      return (await pool.query<ClaimRow>({ name: 'claim', text: claimStatement, values })).rows
    } catch (error) {
      const verdict = classifyError(error)
      // The server may have made the claim. The worker must give up its registration to release those runs.
      if (verdict === 'lost') throw new Ambiguous('the connection broke during a claim', { cause: error })
      if (verdict !== 'race' || attempt === 5) throw error
    }
  }
}

function toClaimed(row: ClaimRow): ClaimedRun {
  const { wakes, nextSeq, base, crashes, begun, holds, pauseRequested } = row
  return { ...toRunRow(row), wakes, nextSeq, base, crashes, begun, holds, pauseRequested }
}
