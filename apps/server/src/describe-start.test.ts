import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { readConfig } from './config.ts'
import { describeStart, type Started } from './describe-start.ts'

const SECRET = `orr_abcdefgh_${'A'.repeat(43)}`

function started(args: readonly string[] = [], env: Record<string, string> = {}, change: Partial<Started> = {}): Started {
  return {
    url: 'http://127.0.0.1:8787',
    config: readConfig(env, args),
    data: '/srv/orrery',
    embedded: !('DATABASE_URL' in env),
    first: { org: '00000000-0000-0000-0000-000000000001', orgName: 'default', secret: SECRET, key: null },
    setupUrl: null,
    mailboxUrl: null,
    exposed: false,
    pid: 4711,
    ...change,
  }
}

const terminal = (columns: number, colours = false) => ({ isTTY: true, columns, hasColors: () => colours })

test('prints every address, how to stop the server, and the key as shell commands', () => {
  expect(describeStart(started(), terminal(80))).toBe(`
  Orrery 0.1.0 is ready

  API      http://127.0.0.1:8787/api/v1
  Docs     http://127.0.0.1:8787/docs
  tRPC     http://127.0.0.1:8787/trpc
  MCP      http://127.0.0.1:8787/mcp
  Health   http://127.0.0.1:8787/health
  Data     /srv/orrery, with its own PostgreSQL
  Log      info and above (ORRERY_LOG_LEVEL)
  Stop     Ctrl-C

  Admin key of organization "default", shown only once. For the command line:

  export ORRERY_URL=http://127.0.0.1:8787
  export ORRERY_KEY=${SECRET}
`)
})

test('omits the key at later starts, and names an external database without its password', () => {
  const env = { DATABASE_URL: 'postgres://me:hunter2@db.example.com/orrery', ORRERY_LOG_LEVEL: 'warn' }
  const later = started(['--project', 'my-app', '--watch', '--roles', 'api'], env, {
    first: { org: '', orgName: 'default', secret: null, key: null },
    exposed: true,
  })
  expect(describeStart(later, terminal(80))).toBe(`
  Orrery 0.1.0 is ready (api)

  API      http://127.0.0.1:8787/api/v1
  Docs     http://127.0.0.1:8787/docs
  tRPC     http://127.0.0.1:8787/trpc
  MCP      http://127.0.0.1:8787/mcp
  Health   http://127.0.0.1:8787/health
  Database "orrery" at db.example.com:5432
  Data     /srv/orrery
  Project  my-app, watched
  Log      warn and above (ORRERY_LOG_LEVEL)
  Stop     Ctrl-C

  Other machines can reach this server: put TLS in front of it.
`)
})

test('shows no API addresses for a process that is only a worker', () => {
  const shown = describeStart(started(['--roles', 'worker']), terminal(80))
  expect(shown).toContain('is ready (worker)')
  expect(shown).not.toMatch(/API|MCP/)
})

test('puts names above their values on a narrow terminal', () => {
  const lines = describeStart(started(), terminal(40)).split('\n')
  expect(lines).toContain('  API')
  expect(lines).toContain('  http://127.0.0.1:8787/api/v1')
  // Addresses and the key are not wrapped, so that they can be copied.
  expect(lines.filter((line) => line.length > 40 && !/http|KEY/.test(line))).toEqual([])
})

test('uses colours only on a terminal that supports them', () => {
  const bare = describeStart(started(), terminal(80))
  const coloured = describeStart(started(), terminal(80, true))
  expect(coloured).not.toBe(bare)
  expect(stripVTControlCharacters(coloured)).toBe(bare)
  expect(describeStart(started(), { hasColors: () => true })).toBe(stripVTControlCharacters(describeStart(started(), {})))
})

test('shows the process id to stop when there is no terminal for Ctrl-C', () => {
  expect(describeStart(started(), {})).toContain('  Stop     kill 4711')
})
