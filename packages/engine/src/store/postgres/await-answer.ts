import { Socket } from 'node:net'
import pg from 'pg'
import { baseConfig } from './connection.ts'

export interface AnswerLimits {
  readonly url: string
  /** The longest time until a lost answer is noticed. */
  readonly answerMsMax: number
}

/**
 * Waits for the answer to a statement of this client, for as long as the database executes it. A connection on which nothing is executed and
 * nothing arrives has lost the statement or its answer without a word, as behind a firewall that forgot it: it is ended, and the statement
 * fails as with any lost connection. `backend`: the client's process; null if it is not known yet, and the statement is a quick one.
 */
export async function awaitAnswer<T>(limits: AnswerLimits, client: pg.ClientBase, backend: number | null, answer: Promise<T>): Promise<T> {
  let isWaiting = true
  let negatives = 0
  const look = async (): Promise<void> => {
    negatives = (await isExecuting(limits, backend)) ? 0 : negatives + 1
    // The first time, the answer may be on its way. After the answer, the connection may be another caller's.
    if (negatives > 1 && isWaiting) end(client)
  }
  // If the database cannot be asked, nothing is known about this statement.
  const timer = setInterval(() => void look().catch(() => undefined), limits.answerMsMax / 2)
  return await answer.finally(() => {
    isWaiting = false
    clearInterval(timer)
  })
}

/** With a statement in progress this destroys the socket. A pool's client has it, too, although its type does not say so. */
function end(client: pg.ClientBase): void {
  if (client instanceof pg.Client) client.end().catch(() => undefined)
}

/** On a new connection with the rights of the login, which may see what its other connections do. */
async function isExecuting({ url, answerMsMax }: AnswerLimits, backend: number | null): Promise<boolean> {
  if (backend === null) return false
  const socket = new Socket()
  const client = new pg.Client({ ...baseConfig(url, 'watch'), query_timeout: answerMsMax, stream: () => socket })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return (await client.query(`select from pg_stat_activity where pid = $1 and state = 'active'`, [backend])).rowCount === 1
  } finally {
    socket.destroy()
  }
}
