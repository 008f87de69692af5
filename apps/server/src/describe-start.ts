import type { Bootstrap } from '@orrery/core'
import type { Config } from './config.ts'
import { API_PREFIX, DOCS_PATH, MCP_PATH, TRPC_PATH } from './http/paths.ts'
import { VERSION } from './version.ts'

export interface Started {
  readonly url: string
  readonly config: Config
  readonly data: string
  readonly embedded: boolean
  readonly first: Bootstrap
  /** Other machines can reach it. */
  readonly exposed: boolean
}

/** The few lines for whoever started the server; the only place where a key is printed. */
export function describeStart({ url, config, data, embedded, first, exposed }: Started): string {
  const rows: [string, string][] = config.roles.includes('api')
    ? [
        ['API', `${url}${API_PREFIX}`],
        ['docs', `${url}${DOCS_PATH}`],
        ['tRPC', `${url}${TRPC_PATH}`],
        ['MCP', `${url}${MCP_PATH}`],
      ]
    : []
  rows.push(['health', `${url}/health`])
  rows.push(['data', embedded ? `${data} (embedded PostgreSQL)` : `${data}; the database is the one of DATABASE_URL`])
  if (config.project !== undefined) rows.push(['project', `${config.project}${config.watch ? ' (watched)' : ''}`])
  const lines = [
    `Orrery ${VERSION} is ready (${config.roles.join(', ')})`,
    '',
    ...rows.map(([name, value]) => `  ${name.padEnd(8)} ${value}`),
  ]
  if (first.secret !== null) {
    lines.push('', `  Admin key of organization "${first.orgName}", shown this once:`, '', `    ${first.secret}`)
    lines.push('', `  export ORRERY_URL=${url} ORRERY_KEY=${first.secret}`)
  }
  if (exposed) lines.push('', '  Other machines can reach this server. Put TLS in front of it.')
  return `\n${lines.join('\n')}\n`
}
