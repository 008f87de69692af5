import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Running, startServer } from '../compose.ts'
import { readConfig } from '../config.ts'
import { createLogger } from '../observe/logger.ts'

export interface TestServer {
  readonly url: string
  readonly key: string
  readonly org: string
  /** The link that makes the first person. Null: there is a person already. */
  readonly setupUrl: string | null
  readonly mailboxUrl: string | null
  log(): string
  /** Sends the admin key. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  json<T = Record<string, unknown>>(path: string, init?: RequestInit): Promise<T>
  post<T = Record<string, unknown>>(path: string, body: unknown, headers?: Record<string, string>): Promise<T>
  stop(): Promise<void>
}

export const PROJECT = join(import.meta.dirname, 'project')

/** Starts the whole server in this process, on the test's database. `known.key` is the key of an earlier start on that database. */
export async function startTestServer(
  databaseUrl: string,
  args: readonly string[] = [],
  known?: { readonly key: string },
  env: Readonly<Record<string, string>> = {},
): Promise<TestServer> {
  const data = mkdtempSync(join(tmpdir(), 'orrery-server-'))
  let lines = ''
  const log = createLogger({ level: 'debug', format: 'json', destination: { write: (line) => void (lines += line) } })
  const config = readConfig({ DATABASE_URL: databaseUrl, ...env }, ['--port', '0', '--data', data, ...args])
  const running: Running = await startServer(config, log)
  const key = known?.key ?? running.adminKey
  if (key === null) throw new Error('The database already has a first key; pass it as `known`')
  const fetchWithKey = (path: string, init: RequestInit = {}) =>
    fetch(`${running.url}${path}`, { ...init, headers: { authorization: `Bearer ${key}`, ...(init.headers as Record<string, string>) } })
  const json = async <T>(path: string, init?: RequestInit): Promise<T> => (await (await fetchWithKey(path, init)).json()) as T
  return {
    url: running.url,
    key,
    org: running.org,
    setupUrl: running.setupUrl,
    mailboxUrl: running.mailboxUrl,
    log: () => lines,
    fetch: fetchWithKey,
    json,
    post: (path, body, headers = {}) =>
      json(path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } }),
    stop: async () => {
      await running.stop()
      rmSync(data, { recursive: true, force: true })
    },
  }
}
