import { styleText } from 'node:util'
import { plain } from '@orrery/contract/plain'
import type { Bootstrap } from '@orrery/kernel'
import type { Config } from './config.ts'
import { readDatabaseAddress } from './database-address.ts'
import { API_PREFIX, DOCS_PATH, MCP_PATH, TRPC_PATH } from './http/paths.ts'
import { VERSION } from './version.ts'
import { wrapText } from './wrap-text.ts'

export interface Started {
  readonly url: string
  readonly config: Config
  readonly data: string
  readonly embedded: boolean
  readonly first: Bootstrap
  /** The link that makes the first person. Null: there is a person already. */
  readonly setupUrl: string | null
  /** Where the mails are that a server without a mail server does not send. Null: there is a mail server, or no mailbox. */
  readonly mailboxUrl: string | null
  /** Other machines can reach the server. */
  readonly exposed: boolean
  readonly pid: number
}

/** Where the text is shown: the part of `process.stdout` that matters here. */
export interface Terminal {
  readonly isTTY?: boolean
  readonly columns?: number
  hasColors?(): boolean
}

type Row = readonly [name: string, value: string]

/** On a narrower terminal, each name is printed above its value. */
const NARROW_COLUMNS = 60
const NAME_COLUMNS = 8

/** The lines that a start prints for the operator. This is the only place where a key is printed. */
export function describeStart(started: Started, terminal: Terminal): string {
  const { config, url, first, setupUrl } = started
  const coloured = terminal.isTTY === true && terminal.hasColors?.() === true
  const style = (format: 'bold' | 'dim' | 'green', text: string) => (coloured ? styleText(format, text, { validateStream: false }) : text)
  const width = (terminal.isTTY && terminal.columns) || 80

  const roles = config.roles.length === 1 ? ` (${config.roles.join()})` : ''
  const head = `${style('bold', `Orrery ${VERSION}`)} ${style('green', 'is ready')}${roles}`
  const rows = listRows(started, terminal).map(([name, value]) =>
    width < NARROW_COLUMNS ? `${style('dim', name)}\n${value}` : `${style('dim', name.padEnd(NAME_COLUMNS))} ${value}`,
  )
  const parts = [head, rows.join('\n')]
  if (setupUrl !== null) {
    parts.push(wrapText('Open this link to make your account. It is good once, for an hour:', width - 2).join('\n'))
    parts.push(style('bold', setupUrl))
  }
  if (first.secret !== null) {
    parts.push(
      wrapText(`Admin key of organization "${plain(first.orgName)}", shown only once. For the command line:`, width - 2).join('\n'),
    )
    parts.push(`export ORRERY_URL=${url}\nexport ORRERY_KEY=${style('bold', first.secret)}`)
  }
  if (started.exposed) parts.push(wrapText('Other machines can reach this server: put TLS in front of it.', width - 2).join('\n'))
  return `\n${parts.join('\n\n').replaceAll(/^(?=.)/gm, '  ')}\n`
}

function listRows({ url, config, data, embedded, mailboxUrl, pid }: Started, { isTTY }: Terminal): Row[] {
  const faces: Row[] = [
    ['API', `${url}${API_PREFIX}`],
    ['Docs', `${url}${DOCS_PATH}`],
    ['tRPC', `${url}${TRPC_PATH}`],
    ['MCP', `${url}${MCP_PATH}`],
  ]
  const rows: Row[] = [...(config.roles.includes('api') ? faces : []), ['Health', `${url}/health`]]
  if (config.databaseUrl !== undefined) {
    const { name, at } = readDatabaseAddress(config.databaseUrl)
    rows.push(['Database', `"${name}" at ${at}`])
  }
  rows.push(['Data', embedded ? `${data}, with its own PostgreSQL` : data])
  if (config.project !== undefined) rows.push(['Project', `${config.project}${config.watch ? ', watched' : ''}`])
  if (mailboxUrl !== null) rows.push(['Mails', mailboxUrl])
  rows.push(['Log', `${config.logLevel === 'silent' ? 'none' : `${config.logLevel} and above`} (ORRERY_LOG_LEVEL)`])
  rows.push(['Stop', isTTY ? 'Ctrl-C' : `kill ${pid}`])
  return rows
}
