import { createClient, ProblemError, UnreachableError } from '@orrery/client'
import { type Connection, clientOf } from '../connection.ts'

export interface Finding {
  readonly state: 'well' | 'doubtful' | 'wrong'
  readonly subject: string
  readonly text: string
  readonly remedy?: string
}

export interface Checkup {
  readonly connection: Connection
  readonly signal: AbortSignal
}

const SKEW_MS_MAX = 2_000

export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const recent = major > 22 || (major === 22 && minor >= 18)
  return recent
    ? { state: 'well', subject: 'node', text: version }
    : {
        state: 'wrong',
        subject: 'node',
        text: `${version} is too old`,
        remedy: 'Orrery needs Node 22.18 or newer: npm install --save-dev node@24',
      }
}

export async function checkServer({ connection, signal }: Checkup): Promise<readonly Finding[]> {
  const { url } = connection
  const begun = Date.now()
  try {
    const info = await createClient({ url, attempts: 1, timeoutMs: 10_000 }).system.info({}, { signal })
    const ended = Date.now()
    const server: Finding = { state: 'well', subject: 'server', text: `${url}, version ${info.version}, answered in ${ended - begun} ms` }
    // The server read its clock between our two readings.
    const now = Date.parse(info.now)
    const skewMs = now < begun ? begun - now : now > ended ? now - ended : 0
    if (skewMs <= SKEW_MS_MAX) return [server, { state: 'well', subject: 'clock', text: `within ${SKEW_MS_MAX} ms of the server's` }]
    return [
      server,
      {
        state: 'doubtful',
        subject: 'clock',
        text: `differs by ${skewMs} ms from the server's`,
        remedy: 'Set the clock of one of the machines. Runs are not affected, because they use the clock of the database.',
      },
    ]
  } catch (error) {
    if (!(error instanceof UnreachableError || error instanceof ProblemError)) throw error
    return [
      {
        state: 'wrong',
        subject: 'server',
        text: error.message,
        remedy: 'Start a server with "orrery dev" or "npm start", or name another one with --server or ORRERY_URL.',
      },
    ]
  }
}

interface HealthReport {
  readonly status?: string
  readonly checks?: Readonly<Record<string, string | { readonly status: string; readonly reason?: string }>>
}

/** The server's own checks (database, engine, queue and others): the status of each, and with a key of the installation the reason too. */
export async function checkHealth({ connection, signal }: Checkup): Promise<readonly Finding[]> {
  const headers: Record<string, string> = connection.key === null ? {} : { authorization: `Bearer ${connection.key}` }
  const ask = async (more: Record<string, string>) =>
    (await (await fetch(`${connection.url}/health/detailed`, { headers: more, signal })).json()) as HealthReport
  // The request with the key fails if the key lacks the scope, or if the database is unavailable. Without a key, everyone gets
  // the statuses.
  const { checks = (await ask({})).checks } = await ask(headers)
  return Object.entries(checks ?? {}).map(([subject, found]) => {
    const { status, reason } = typeof found === 'string' ? { status: found, reason: undefined } : found
    const state = status === 'ok' ? 'well' : status === 'degraded' ? 'doubtful' : 'wrong'
    return { state, subject, text: reason ?? status, ...(state === 'well' ? {} : { remedy: 'See the server’s log for details.' }) }
  })
}

export async function checkKey({ connection, signal }: Checkup): Promise<Finding> {
  const { url, key, source, isLogin } = connection
  if (key === null) {
    return {
      state: 'wrong',
      subject: 'key',
      text: 'no key for this server was found',
      remedy: 'Set ORRERY_KEY, run "orrery login", or change to a project folder where "orrery dev" runs.',
    }
  }
  try {
    const { actor, org, expiresAt } = await (await clientOf(connection, signal, { attempts: 1 })).access.whoami({}, { signal })
    const until = expiresAt === null ? '' : `, until ${expiresAt.slice(0, 10)}`
    const text = isLogin ? `login of ${actor.name} from ${source}` : `from ${source}`
    return { state: 'well', subject: 'key', text: `${text}, for organization ${org.name}${until}` }
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    if (error.status >= 500) return { state: 'doubtful', subject: 'key', text: `from ${source}; the server cannot look it up now` }
    if (isLogin) return { state: 'wrong', subject: 'key', text: `the login at ${url} has ended`, remedy: 'Run "orrery login".' }
    return {
      state: 'wrong',
      subject: 'key',
      text: `from ${source}: ${error.message}`,
      remedy: 'Create another key with "orrery keys create", or run "orrery login" again.',
    }
  }
}

export async function checkWorkers({ connection, signal }: Checkup): Promise<readonly Finding[]> {
  const client = await clientOf(connection, signal, { attempts: 1 })
  try {
    const [workers, workflows, blocked] = await Promise.all([
      client.workers.list({ limit: 200 }, { signal }),
      client.workflows.list({ limit: 200 }, { signal }),
      client.runs.list({ status: 'blocked', limit: 200 }, { signal }),
    ])
    const alive = workers.items.filter((worker) => worker.alive).length
    return [
      alive > 0
        ? { state: 'well', subject: 'workers', text: `${alive} alive` }
        : {
            state: 'wrong',
            subject: 'workers',
            text: 'no worker is alive, so no run makes progress',
            remedy: 'Start a server with the role worker and the project: orrery-server --project <folder>.',
          },
      { state: 'well', subject: 'workflows', text: `${workflows.items.length}${workflows.nextCursor === null ? '' : ' or more'} deployed` },
      blocked.items.length === 0
        ? { state: 'well', subject: 'runs', text: 'no run is blocked' }
        : {
            state: 'doubtful',
            subject: 'runs',
            text: `${blocked.items.length}${blocked.nextCursor === null ? '' : ' or more'} blocked`,
            remedy: `orrery why ${blocked.items[0]?.id}`,
          },
    ]
  } catch (error) {
    if (!(error instanceof ProblemError) || error.status !== 403) throw error
    return [{ state: 'doubtful', subject: 'workers', text: 'the key may not list workers, workflows and runs' }]
  }
}
