/** Calls that reach systems outside and fail: what their audit entry says, and what their idempotency key does then. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import { listenHttp } from '../outside/testing/listen.fixture.ts'

let t: TestCore
beforeAll(async () => {
  t = await startTestCore({ work: false, outsideAllow: '127.0.0.1' })
})
afterAll(() => t?.close())

/** A service that counts what it is asked, and then fails, or never answers. */
async function openService(how: 'fails' | 'is silent') {
  const heard = { times: 0 }
  const port = await listenHttp((_, response) => {
    heard.times += 1
    if (how === 'fails') response.writeHead(500).end('broken')
  })
  const input = { tool: 'http.request', args: { url: `http://127.0.0.1:${port}/`, method: 'POST', json: {} }, timeout: '1s' }
  return { heard, call: (idempotencyKey: string) => t.answer('tools.call', input, { idempotencyKey, requestId: `req-${idempotencyKey}` }) }
}

describe.each(['fails', 'is silent'] as const)('a tool whose service %s after its effect', (how) => {
  it('has an audit entry that names the failure, and one effect for one idempotency key', async () => {
    const { heard, call } = await openService(how)
    const key = `outside-${how.replace(' ', '-')}`
    const first = await call(key).catch((error: unknown) => error)
    expect(first).toMatchObject({ code: 'tool.failed' })
    const { items } = await t.call('audit.list', { action: 'tool.called' })
    expect(items.find(({ requestId }) => requestId === `req-${key}`)).toMatchObject({
      subject: 'http.request',
      detail: { failed: 'tool.failed' },
    })
    const again = await call(key).catch((error: unknown) => error)
    expect(again).toMatchObject({ code: 'tool.failed', detail: (first as { detail: string }).detail })
    expect(heard.times).toBe(1)
    await expect(call(`${key}-2`)).rejects.toMatchObject({ code: 'tool.failed' })
    expect(heard.times).toBe(2)
  })
})

describe('a tool that the database fails', () => {
  const emit = (idempotencyKey?: string) => {
    const input = { tool: 'event.emit', args: { topic: 'orders.placed', payload: {} } }
    return t.answer('tools.call', input, idempotencyKey === undefined ? {} : { idempotencyKey })
  }

  it('is answered with 503, and its idempotency key works once the database does', async () => {
    await t.query(
      `create function app.refuse() returns trigger language plpgsql as $$ begin raise exception using errcode = '53100'; end $$;
       create trigger refuse before insert on engine.event for each row execute function app.refuse()`,
    )
    for (const key of ['full-disk', undefined]) await expect(emit(key)).rejects.toMatchObject({ code: 'unavailable', status: 503 })
    await t.query('drop trigger refuse on engine.event; drop function app.refuse()')
    expect(await emit('full-disk')).toMatchObject({ status: 200, replayed: false })
    expect(await emit('full-disk')).toMatchObject({ status: 200, replayed: true })
  })
})

describe('a call of a tool that is repeated because its answer was lost', () => {
  it('has the same idempotency key for the other system', async () => {
    const keys: unknown[] = []
    const port = await listenHttp((request, response) => {
      keys.push(request.headers['idempotency-key'])
      response.end('{}')
    })
    const input = { tool: 'http.request', args: { url: `http://127.0.0.1:${port}/`, method: 'POST', json: {} } }
    for (const idempotencyKey of ['lost', 'lost', 'other']) {
      await t.answer('tools.call', input, { idempotencyKey })
      // The process died before it could store the answer.
      await t.query('delete from app.idempotency_key; delete from app.idempotency_claim')
    }
    expect(keys).toEqual([expect.stringMatching(/^[\w-]{32}$/), keys[0], expect.stringMatching(/^[\w-]{32}$/)])
    expect(keys[2]).not.toBe(keys[0])
  })
})

describe('a call that fails before it reaches anything outside', () => {
  const unknown = (idempotencyKey: string) => t.answer('tools.call', { tool: 'no.such', args: {} }, { idempotencyKey })

  it('releases its idempotency key and leaves no audit entry', async () => {
    const before = (await t.call('audit.list', { action: 'tool.called' })).items.length
    for (let i = 0; i < 2; i++) await expect(unknown('early')).rejects.toMatchObject({ code: 'tool.not_found' })
    expect((await t.call('audit.list', { action: 'tool.called' })).items).toHaveLength(before)
    expect(await t.query(`select from app.idempotency_claim where key = 'early'`)).toEqual([])
  })

  it('is answered with its own failure also if the key cannot be released', async () => {
    await t.query(
      `create function app.refuse() returns trigger language plpgsql as $$ begin raise exception using errcode = '53100'; end $$;
       create trigger refuse before delete on app.idempotency_claim for each row execute function app.refuse()`,
    )
    await expect(unknown('unreleased')).rejects.toMatchObject({ code: 'tool.not_found' })
    await t.query('drop trigger refuse on app.idempotency_claim; drop function app.refuse()')
  })
})
