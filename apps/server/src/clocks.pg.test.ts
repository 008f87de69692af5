/**
 * Two servers whose machines have the wrong time, two hours ahead and two hours behind, on one database. Goal: only the database's time
 * counts, in every role.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signWebhook } from '@orrery/kernel'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clockShift } from '../../../tests/support/clock-shift.ts'
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts'
import { killPrograms, runProgram } from './testing/run-program.fixture.ts'
import { PROJECT } from './testing/start-test-server.fixture.ts'

const HOUR_MS = 3_600_000
/** How far the time of a server may be from that of the database. */
const ERROR_MS = 2000

let database: TestDatabase
let data: string
let key: string
/** One that only answers, ahead; and one with all roles, behind. */
let servers: readonly string[]

beforeAll(async () => {
  database = await createTestDatabase()
  data = mkdtempSync(join(tmpdir(), 'orrery-clocks-'))
  const env = { DATABASE_URL: database.url }
  const behind = runProgram(['--data', data, '--project', PROJECT], { ...env, ...clockShift(-2 * HOUR_MS) })
  const second = await behind.ready()
  key = behind.key() ?? ''
  const ahead = runProgram(['--data', data, '--roles', 'api'], { ...env, ...clockShift(2 * HOUR_MS) })
  servers = [await ahead.ready(), second]
})
afterAll(async () => {
  killPrograms()
  await database?.drop()
  rmSync(data, { recursive: true, force: true, maxRetries: 3 })
})

async function ask<T = Record<string, unknown>>(url: string, body?: object, bearer = key): Promise<T> {
  const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' }
  const answer = await fetch(url, body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) })
  return (await answer.json()) as T
}

describe.for([0, 1])('server %i', (at) => {
  const server = () => servers[at] ?? ''
  const other = () => servers[1 - at] ?? ''

  test('has the time of the database', async () => {
    const { now } = await ask<{ now: string }>(`${server()}/api/v1/system`)
    expect(Math.abs(Date.parse(now) - Date.now())).toBeLessThan(ERROR_MS)
  })

  test('issues tokens that are valid on the other, and for 15 minutes', async () => {
    const { accessToken } = await ask<{ accessToken: string }>(`${server()}/api/v1/tokens`, {})
    expect(await ask(`${other()}/api/v1/runs`, undefined, accessToken)).toHaveProperty('items')
    const { exp } = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString()) as { exp: number }
    expect(Math.abs(exp * 1000 - Date.now() - HOUR_MS / 4)).toBeLessThan(ERROR_MS)
  })

  test('accepts deliveries that were signed now, and no older ones', async () => {
    const name = `hook-${at}`
    await ask(`${server()}/api/v1/automations`, {
      name,
      triggers: [{ type: 'webhook', signature: 'standard' }],
      workflow: { name: 'greet', input: { name: 'x' } },
    })
    const { url, signingSecret } = await ask<{ url: string; signingSecret: string }>(
      `${server()}/api/v1/automations/${name}/rotate-webhook`,
      {},
    )
    const statuses = await Promise.all(
      [0, -2 * HOUR_MS, 2 * HOUR_MS].map(async (shiftMs) => {
        const signed = signWebhook(signingSecret, { id: `a${shiftMs}`, body: '{}', nowMs: Date.now() + shiftMs })
        const answer = await fetch(`${server()}${new URL(url).pathname}`, {
          method: 'POST',
          body: '{}',
          headers: { ...signed, 'content-type': 'application/json' },
        })
        return answer.status
      }),
    )
    expect(statuses).toEqual([202, 404, 404])
  })

  test('starts a run after its delay', async () => {
    const { runId } = await ask<{ runId: string }>(`${server()}/api/v1/runs`, { workflow: 'greet', input: { name: 'x' }, delay: '1s' })
    const { createdAt } = await ask<{ createdAt: string }>(`${server()}/api/v1/runs/${runId}`)
    expect(Math.abs(Date.parse(createdAt) - Date.now())).toBeLessThan(ERROR_MS)
    expect(await ask(`${other()}/api/v1/runs/${runId}/result?timeout=20s`)).toMatchObject({ status: 'succeeded' })
  })

  test('keeps the answer to an idempotency key that the other has made', async () => {
    const start = async (url: string) => {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': `clock-${at}` }
      const body = JSON.stringify({ workflow: 'greet', input: { name: 'x' } })
      return (await (await fetch(`${url}/api/v1/runs`, { method: 'POST', headers, body })).json()) as { runId: string }
    }
    expect(await start(other())).toEqual(await start(server()))
  })

  test('follows a cursor of the other', async () => {
    const first = await ask<{ items: { id: string }[]; nextCursor: string }>(`${server()}/api/v1/runs?limit=1`)
    const second = await ask<{ items: { id: string }[] }>(`${other()}/api/v1/runs?limit=1&cursor=${first.nextCursor}`)
    expect(second.items).toHaveLength(1)
    expect(second.items[0]?.id).not.toBe(first.items[0]?.id)
  })
})

test('the first key was made now', async () => {
  const { items } = await ask<{ items: { createdAt: string }[] }>(`${servers[0]}/api/v1/keys`)
  expect(Math.abs(Date.parse(items[0]?.createdAt ?? '') - Date.now())).toBeLessThan(120_000)
})
