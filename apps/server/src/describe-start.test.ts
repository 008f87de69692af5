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
    exposed: false,
    pid: 4711,
    ...change,
  }
}

const terminal = (columns: number, colours = false) => ({ isTTY: true, columns, hasColors: () => colours })

test('it says where everything is, how to stop it, and the key once, ready to be pasted', () => {
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

  Admin key of organization "default", shown this once. For the command line:

  export ORRERY_URL=http://127.0.0.1:8787
  export ORRERY_KEY=${SECRET}
`)
})

test('later starts show no key; a database of its own and a project are named, a password is not', () => {
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

test('a worker alone has no faces to show', () => {
  const shown = describeStart(started(['--roles', 'worker']), terminal(80))
  expect(shown).toContain('is ready (worker)')
  expect(shown).not.toMatch(/API|MCP/)
})

test('a narrow terminal gets names above their values', () => {
  const lines = describeStart(started(), terminal(40)).split('\n')
  expect(lines).toContain('  API')
  expect(lines).toContain('  http://127.0.0.1:8787/api/v1')
  // Addresses and the key are left whole, to be pasted.
  expect(lines.filter((line) => line.length > 40 && !/http|KEY/.test(line))).toEqual([])
})

test('colours are for terminals that have them', () => {
  const bare = describeStart(started(), terminal(80))
  const coloured = describeStart(started(), terminal(80, true))
  expect(coloured).not.toBe(bare)
  expect(stripVTControlCharacters(coloured)).toBe(bare)
  expect(describeStart(started(), { hasColors: () => true })).toBe(stripVTControlCharacters(describeStart(started(), {})))
})

test('where nobody can press Ctrl-C, the process to stop is named', () => {
  expect(describeStart(started(), {})).toContain('  Stop     kill 4711')
})
