import type pg from 'pg'
import { emptyBatch } from '../empty-batch.ts'
import type { JournalRow, SqlTransaction, WorkerId } from '../store.ts'
import { Ambiguous, Fenced } from '../store-errors.ts'
import { type AnswerLimits, awaitAnswer } from './await-answer.ts'
import { classifyError } from './classify-error.ts'
import { composeFlush } from './compose-flush.ts'

/**
 * The transaction of a transactional step. The body works with the rights of the login on the host's own tables, for any length of time:
 * the worker's row is locked only at the end, together with the insertion of the journal row.
 */
export async function transact(
  pool: pg.Pool,
  limits: AnswerLimits,
  worker: WorkerId,
  body: (tx: SqlTransaction) => Promise<JournalRow>,
): Promise<JournalRow> {
  const client = await pool.connect()
  let backend: number | null = null
  let open = true
  const answered = <T>(answer: Promise<T>): Promise<T> => awaitAnswer(limits, client, backend, answer)
  const tx: SqlTransaction = {
    async query<R>(text: string, values: readonly unknown[] = []) {
      if (!open) throw new Error('the transaction is over')
      const { rows, rowCount } = await answered(client.query(text, [...values]))
      return { rows: rows as R[], rowCount: rowCount ?? 0 }
    },
  }
  try {
    await answered(client.query('begin'))
    const begun = await answered(client.query<{ backend: number }>(`select set_config('role', 'none', true), pg_backend_pid() as backend`))
    backend = begun.rows[0]?.backend ?? null
    const row = await body(tx)
    open = false
    await answered(client.query(`set local role orrery_engine; set local idle_in_transaction_session_timeout = '10s'`))
    await answered(writeRow(client, worker, row))
    await answered(commit(client))
    client.release()
    return row
  } catch (error) {
    open = false
    await answered(rollback(client))
    throw error
  }
}

async function writeRow(client: pg.PoolClient, worker: WorkerId, row: JournalRow): Promise<void> {
  const statement = composeFlush({ ...emptyBatch, worker, journal: [row] }, false)
  if (statement === null) return
  const { rows } = await client.query<{ fence: number }>(statement)
  if (rows[0]?.fence !== 1) throw new Fenced(`worker ${worker} is fenced`)
}

async function commit(client: pg.PoolClient): Promise<void> {
  try {
    await client.query('commit')
  } catch (error) {
    if (classifyError(error) === 'lost') throw new Ambiguous('the connection broke during a commit', { cause: error })
    throw error
  }
}

async function rollback(client: pg.PoolClient): Promise<void> {
  try {
    await client.query('rollback')
    client.release()
  } catch {
    // The connection and its transaction are gone. The error that led to this rollback is the one to report.
    client.release(true)
  }
}
