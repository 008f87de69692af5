import pg from 'pg'
import { baseConfig } from './connection.ts'

export interface AnswerLimits {
  readonly url: string
  /** After this time without an answer something may be wrong. */
  readonly answerMsMax: number
}

/**
 * Waits for the answer to a statement of this client, for as long as the database executes it. A connection on which nothing is executed and
 * nothing arrives has lost the statement or its answer without a word, as behind a firewall that forgot it: it is ended, and the statement
 * fails as with any lost connection. `backend`: the client's process; null if it is not known yet, and the statement is a quick one.
 */
export async function awaitAnswer<T>(limits: AnswerLimits, client: pg.ClientBase, backend: number | null, answer: Promise<T>): Promise<T> {
  const timer = setInterval(() => {
    isExecuting(limits, backend).then(
      (executes) => executes || end(client),
      // The database cannot be asked, so nothing is known about this statement.
      () => undefined,
    )
  }, limits.answerMsMax)
  return await answer.finally(() => clearInterval(timer))
}

/** With a statement in progress this destroys the socket. A pool's client has it, too, although its type does not say so. */
function end(client: pg.ClientBase): void {
  if (client instanceof pg.Client) client.end().catch(() => undefined)
}

/** On a new connection with the rights of the login, which may see what its other connections do. */
async function isExecuting({ url, answerMsMax }: AnswerLimits, backend: number | null): Promise<boolean> {
  if (backend === null) return false
  const client = new pg.Client({ ...baseConfig(url, 'watch'), query_timeout: answerMsMax })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return (await client.query(`select from pg_stat_activity where pid = $1 and state = 'active'`, [backend])).rowCount === 1
  } finally {
    client.end().catch(() => undefined)
  }
}
