import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeConnection } from './connection.ts'
import { EXIT } from './exit-codes.ts'
import { cliBench } from './run-cli.fixture.ts'

/** What `GET /whoami` answers to a key. */
const WHO = {
  actor: { type: 'api_key', id: 'key_1', name: 'admin' },
  org: { id: 'org_1', name: 'default' },
  role: null,
  permissions: [],
  expiresAt: null,
  orgs: [],
}

test('prints a list as a table that fits the terminal, and shows what it leaves out and how to get the next page', async () => {
  const deployedAt = new Date(Date.now() - 90_000).toISOString()
  const id = 'run_01jb2m4k6q8r0s2t4v6w8x0y2z'
  const items = [{ name: 'a', tags: [], version: 'f'.repeat(64), note: 'n'.repeat(100), parentRunId: null, deployedAt, id }]
  await using cli = await cliBench(() => ({ body: { items, nextCursor: 'c2' } }))
  const { out, err } = await cli.run(['workflows', 'list'])
  const note = `${'n'.repeat(70)}…`
  expect(out.split('\n')).toEqual([`NAME  ${'NOTE'.padEnd(71)}  DEPLOYED AT  ID`, `a     ${note}  1m ago       6w8x0y2z`, ''])
  expect(err).toContain('1 row · not shown: version · 1 long value cut · --full shows everything\n')
  const full = (await cli.run(['workflows', 'list', '--full'])).out
  for (const whole of ['f'.repeat(64), 'n'.repeat(100), deployedAt, id]) expect(full).toContain(whole)
  expect(err).toContain('next page: --cursor c2')
  expect(JSON.parse((await cli.run(['workflows', 'list', '--json'])).out)).toEqual({ items, nextCursor: 'c2' })
})

test('accepts the short id of a table, and says when it fits no run or several', async () => {
  const ids = ['run_01jb2m4k6q8r0s2t4v6w8x0y2z', 'run_01jb2m4k6q8r0s2t4v6w8x0y3z', 'run_01jb2m4k6q8r0s2t4w6w8x0y2z']
  await using cli = await cliBench(({ line }) => ({
    body: line.includes('/runs?') ? { items: ids.map((id) => ({ id })), nextCursor: null } : { id: ids[1] },
  }))
  for (const short of ['6w8x0y3z', 'run_6w8x0y3z', ids[1] ?? '']) {
    expect(await cli.run(['runs', 'get', short])).toMatchObject({ status: EXIT.ok })
    expect(cli.requests.at(-1)?.line).toBe(`GET /api/v1/runs/${ids[1]}`)
  }
  const none = await cli.run(['why', '00000000'])
  expect(none).toMatchObject({ status: EXIT.usage })
  expect(none.err).toContain('there is no run 00000000 among the newest 2000; use the whole id')
  expect((await cli.run(['why', 'w8x0y2z'])).err).toContain(`several runs end in w8x0y2z: ${ids[0]}, ${ids[2]}`)
})

test('accepts the name of a key, a connection or an organization in place of its id', async () => {
  const key = (letter: string, name: string, revokedAt: string | null) => ({
    id: `key_01jb2m4k6q8r0s2t4v6w8x0y2${letter}`,
    name,
    revokedAt,
  })
  const keys = [key('a', 'ci', '2026-11-05T09:30:00.000Z'), key('b', 'ci', null), key('c', 'twice', null), key('d', 'twice', null)]
  await using cli = await cliBench(({ line }) => ({
    body: line.startsWith('GET')
      ? { items: line.includes('/keys') ? keys : [{ id: 'con_01jb2m4k6q8r0s2t4v6w8x0y2z', name: 'billing' }], nextCursor: null }
      : {},
  }))
  expect(await cli.run(['keys', 'revoke', 'ci'])).toMatchObject({ status: EXIT.ok })
  expect(cli.requests.at(-1)?.line).toBe(`DELETE /api/v1/keys/${keys[1]?.id}`)
  expect((await cli.run(['keys', 'revoke', 'twice'])).err).toContain(`several keys are called twice: ${keys[2]?.id}, ${keys[3]?.id}`)
  expect((await cli.run(['keys', 'revoke', 'none'])).err).toContain('there is no key with the name or id none')
  await cli.run(['connections', 'delete', 'billing'])
  expect(cli.requests.at(-1)?.line).toBe('DELETE /api/v1/connections/con_01jb2m4k6q8r0s2t4v6w8x0y2z')
  await cli.run(['orgs', 'get', 'current'])
  expect(cli.requests.at(-1)?.line).toBe('GET /api/v1/orgs/current')
})

test('says at once, and once, why it has to try again', async () => {
  let count = 0
  await using cli = await cliBench(() =>
    ++count < 3
      ? { status: 503, body: { status: 503, code: 'unavailable', detail: 'The database cannot be reached.' } }
      : { body: { items: [], nextCursor: null } },
  )
  const { status, err } = await cli.run(['runs', 'list'])
  expect(status).toBe(EXIT.ok)
  expect(err.match(/no answer yet, trying again: The database cannot be reached\.\n/g)).toHaveLength(1)
})

test('prints the field of a problem, and exits with the status for its kind', async () => {
  const problems = [
    {
      status: 400,
      code: 'invalid_input',
      detail: 'The input does not fit.',
      errors: [{ path: 'input.reports[3].costUsd', message: 'Expected a number' }],
    },
    { status: 404, code: 'run.not_found', detail: 'There is no such run.' },
    { status: 500, code: 'internal', detail: 'Something went wrong.', requestId: 'req-7' },
  ]
  await using cli = await cliBench(() => ({ status: problems[0]?.status ?? 200, body: problems.shift() }))
  const invalid = await cli.run(['runs', 'start', 'triage'])
  expect(invalid).toMatchObject({ status: EXIT.usage, out: '' })
  expect(invalid.err).toContain('input.reports[3].costUsd: Expected a number')
  const missing = await cli.run(['runs', 'get', 'run_1'])
  expect(missing).toMatchObject({ status: EXIT.refused })
  expect(missing.err).toContain('List runs with `orrery runs list`')
  const broken = await cli.run(['runs', 'get', 'run_1'])
  expect(broken).toMatchObject({ status: EXIT.unreachable })
  expect(broken.err).toContain('request req-7')
})

test('stores a key in a private file, and sends it to no other server', async () => {
  await using cli = await cliBench(() => ({ body: WHO }))
  const login = await cli.run(['login', '--server', cli.url], {}, 'secret-key\n')
  expect(login).toMatchObject({ status: EXIT.ok, err: '' })
  const file = join(cli.folder, '.config/orrery/connection.json')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readFileSync(file, 'utf8')).toContain('secret-key')
  await cli.run(['runs', 'list'], {})
  await cli.run(['runs', 'list', '--server', cli.url.replace('127.0.0.1', 'localhost')], {})
  expect(cli.requests.map(({ key }) => key)).toEqual(['Bearer secret-key', 'Bearer secret-key', undefined])
  expect((await cli.run(['login', '--server', cli.url], { ORRERY_KEY: '' }, 'other-key\n')).status).toBe(EXIT.ok)
  expect(readFileSync(file, 'utf8')).toContain('other-key')
  chmodSync(file, 0o644)
  const refused = await cli.run(['runs', 'list'], {})
  expect(refused.status).toBe(EXIT.usage)
  expect(refused.err).toContain(`chmod 600 ${file}`)
})

test('names a truncated connection file and what to do', async () => {
  await using cli = await cliBench(() => ({ body: WHO }))
  await cli.run(['login', '--server', cli.url], {}, 'secret-key\n')
  const file = join(cli.folder, '.config/orrery/connection.json')
  writeFileSync(file, '{"url":')
  const refused = await cli.run(['runs', 'list'], {})
  expect(refused.status).toBe(EXIT.usage)
  expect(refused.err).toContain(`${file} is not a valid connection file`)
})

test('exits with status 5 for an invalid pipeline, in a check and in a dry run', async () => {
  await using cli = await cliBench(() => ({ body: { ok: false, problems: [], steps: [], output: null } }))
  expect(await cli.run(['pipelines', 'check', '--definition', '[]'])).toMatchObject({ status: EXIT.unwell, err: '' })
  expect(await cli.run(['pipelines', 'dry-run', '--definition', '[]'])).toMatchObject({ status: EXIT.unwell, err: '' })
})

test('reads port and data folder of dev from the environment, as the server does', async () => {
  await using cli = await cliBench()
  const { out } = await cli.run(['dev', '--help'], { PORT: '9999', ORRERY_DATA: '/srv/orrery' })
  expect(out).toContain('(default: "9999")')
  expect(out).toContain('"/srv/orrery"')
})

test('prefers the key of the surrounding project to the one of the user', async () => {
  await using cli = await cliBench(() => ({ body: { items: [], nextCursor: null } }))
  writeConnection(join(cli.folder, '.orrery/connection.json'), { url: cli.url, key: 'project-key' })
  const { out } = await cli.run(['runs', 'list'], {})
  expect(out).toBe('none\n')
  expect(cli.requests[0]?.key).toBe('Bearer project-key')
})

test('exits with status 5 for an audit log with faults', async () => {
  await using cli = await cliBench(() => ({ body: { ok: false, sealed: 3, faults: [{ seq: 2, message: 'hash differs' }] } }))
  const { status, out } = await cli.run(['audit', 'verify'])
  expect(status).toBe(EXIT.unwell)
  expect(out).toContain('hash differs')
})

test('checks the health without the key when the server cannot look the key up', async () => {
  await using cli = await cliBench(({ line, key }) => {
    if (line.endsWith('/system')) return { body: { name: 'orrery', version: '0.1.0', api: 'v1', now: new Date().toISOString() } }
    if (line.endsWith('/health/detailed') && key === undefined)
      return { status: 503, body: { status: 'down', checks: { database: 'down' } } }
    return { status: 503, body: { status: 503, code: 'unavailable', detail: 'The database cannot be reached.' } }
  })
  const { status, out } = await cli.run(['doctor'])
  expect(status).toBe(EXIT.unwell)
  expect(out).toMatch(/fail\s+database\s+down/)
  expect(out).toMatch(/warn\s+key\s+from ORRERY_KEY; the server cannot look it up now/)
})

test('lists faults and doubtful findings of the doctor', async () => {
  await using cli = await cliBench(({ line }) => {
    if (line.endsWith('/system'))
      return { body: { name: 'orrery', version: '0.1.0', api: 'v1', now: new Date(Date.now() - 60_000).toISOString() } }
    if (line.endsWith('/health/detailed'))
      return {
        body: { status: 'degraded', checks: { database: { status: 'ok' }, invariants: { status: 'degraded', reason: 'I6 has 1 row' } } },
      }
    if (line.endsWith('/whoami')) return { body: WHO }
    return { body: { items: [], nextCursor: null } }
  })
  const { status, out } = await cli.run(['doctor'])
  expect(status).toBe(EXIT.unwell)
  expect(out).toMatch(/warn\s+clock\s+differs by \d+ ms/)
  expect(out).toMatch(/warn\s+invariants\s+I6 has 1 row/)
  expect(out).toMatch(/fail\s+workers\s+no worker is alive/)
})
