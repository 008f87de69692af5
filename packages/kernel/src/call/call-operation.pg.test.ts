/**
 * Goal: what holds around every operation, checked on a few of them. The matrix of all operations is in tests/security.
 */
import { listOperations } from '@orrery/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../../../tests/support/eventually.ts'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import { makeApiKey } from '../access/api-key.ts'
import { listViolations } from '../database/list-violations.ts'
import { forgetAnswers } from '../idempotency/forget-answers.ts'
import { newId } from '../new-id.ts'

let t: TestCore

beforeAll(async () => {
  t = await startTestCore({ work: false })
  await t.deploy()
})
afterAll(async () => {
  expect(await listViolations(t.database)).toEqual([])
  await t.close()
})

const minimal = { workflow: 'greeting', input: { name: 'x' } }

describe('who may', () => {
  it.each(listOperations().map(({ name, permission }, at) => [name, permission, `192.0.2.${at % 250}`] as const))(
    '%s needs a key that is good',
    async (name, permission, address) => {
      if (permission === 'public') return expect((await t.answer(name, {}, { key: null })).status).toBe(200)
      for (const key of [null, '', 'nonsense', `orr_abcdefgh_${'a'.repeat(43)}`]) {
        // From networks of their own, because attempts with made-up keys are limited.
        await expect(t.answer(name, {}, { key, address })).rejects.toMatchObject({ code: 'unauthenticated' })
      }
    },
  )

  it('names the scope that a key lacks, before it looks at the input', async () => {
    const { secret } = await t.call('keys.create', { name: 'reader', set: 'viewer' })
    const key = secret ?? ''
    expect((await t.answer('runs.list', {}, { key })).status).toBe(200)
    await expect(t.answer('runs.start', { nonsense: 1 }, { key })).rejects.toMatchObject({
      code: 'forbidden',
      extra: { permission: 'runs:write' },
    })
    await expect(t.answer('orgs.list', {}, { key })).rejects.toMatchObject({ code: 'forbidden' })
  })

  it('refuses a key that was revoked or has expired, at once in this process', async () => {
    const made = await t.call('keys.create', { name: 'short', scopes: ['runs:read'], expiresAt: new Date(Date.now() + 1500).toISOString() })
    const key = made.secret ?? ''
    expect((await t.answer('runs.list', {}, { key })).status).toBe(200)
    await eventually(
      () =>
        t.answer('runs.list', {}, { key }).then(
          () => 'ok',
          (error: { code: string }) => error.code,
        ),
      (outcome) => outcome === 'unauthenticated',
    )
    const other = await t.call('keys.create', { name: 'other', scopes: ['runs:read'] })
    expect((await t.answer('runs.list', {}, { key: other.secret ?? '' })).status).toBe(200)
    await t.call('keys.revoke', { keyId: other.id })
    await expect(t.answer('runs.list', {}, { key: other.secret ?? '' })).rejects.toMatchObject({ code: 'unauthenticated' })
  })
})

describe('input', () => {
  it('names each field that is wrong, with what was expected', async () => {
    await expect(t.answer('runs.list', { limit: 1000, status: 'done', nonsense: 1 })).rejects.toMatchObject({
      code: 'invalid_input',
      extra: {
        errors: [
          { path: 'status', expected: expect.stringContaining('"queued"') },
          { path: 'limit', expected: 'at most 200' },
          { path: 'nonsense', message: 'Unknown field' },
        ],
      },
    })
    await expect(t.answer('runs.startMany', { items: [minimal, { workflow: 7 }] })).rejects.toMatchObject({
      extra: { errors: [{ path: 'items[1].workflow', expected: 'string' }] },
    })
  })

  it('rejects input that is nested too deep, is not an object, or contains NUL', async () => {
    let deep: unknown = 1
    for (let i = 0; i < 200_000; i++) deep = [deep]
    await expect(t.answer('runs.start', { ...minimal, input: deep })).rejects.toMatchObject({ code: 'payload_too_large' })
    for (const raw of [null, 7, 'text', []]) await expect(t.answer('runs.list', raw)).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(t.answer('runs.list', { tag: 'a\u0000b' })).rejects.toMatchObject({ code: 'invalid_input' })
  })

  it('refuses operations that are not declared', async () => {
    for (const name of ['runs.explode', 'toString', '__proto__'])
      await expect(t.answer(name, {})).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('idempotency keys', () => {
  it('an idempotency key returns the same answer to the same request, and has one effect', async () => {
    const first = await t.answer('runs.start', minimal, { idempotencyKey: 'k-1' })
    const second = await t.answer('runs.start', minimal, { idempotencyKey: 'k-1' })
    expect(second).toEqual({ ...first, replayed: true })
    const entries = await t.call('audit.list', { action: 'run.started', subject: (first.output as { runId: string }).runId })
    expect(entries.items).toHaveLength(1)
  })

  it('an idempotency key is refused for other input and for other operations', async () => {
    await t.answer('queues.pause', { queue: 'q1' }, { idempotencyKey: 'k-2' })
    await expect(t.answer('queues.pause', { queue: 'q2' }, { idempotencyKey: 'k-2' })).rejects.toMatchObject({
      code: 'idempotency.key_reused',
    })
    await expect(t.answer('queues.resume', { queue: 'q1' }, { idempotencyKey: 'k-2' })).rejects.toMatchObject({
      code: 'idempotency.key_reused',
    })
    await expect(t.answer('queues.pause', { queue: 'q1' }, { idempotencyKey: 'has space' })).rejects.toMatchObject({
      code: 'invalid_input',
    })
  })

  it('an idempotency key belongs to one organization', async () => {
    const key = await t.otherOrg('idempotent')
    await t.answer('queues.pause', { queue: 'mine' }, { idempotencyKey: 'k-3' })
    expect(await t.answer('queues.pause', { queue: 'yours' }, { idempotencyKey: 'k-3', key })).toMatchObject({ replayed: false })
  })

  it('an idempotency key lets exactly one of many concurrent requests through', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, () =>
        t.answer('runs.start', minimal, { idempotencyKey: 'k-4' }).then(
          ({ output, replayed }) => ({ run: (output as { runId: string }).runId, replayed }),
          (error: { code: string }) => ({ run: error.code, replayed: true }),
        ),
      ),
    )
    expect(outcomes.filter(({ replayed }) => !replayed)).toHaveLength(1)
    const runs = new Set(outcomes.map(({ run }) => run).filter((run) => run !== 'idempotency.in_progress'))
    expect(runs.size).toBe(1)
  })

  it('an idempotency key is refused to another caller if the answer is about the caller', async () => {
    const makeKey = async (name: string) => (await t.call('keys.create', { name, scopes: ['runs:read'] })).secret ?? ''
    const [one, other] = [await makeKey('one-caller'), await makeKey('other-caller')]
    await t.answer('tokens.issue', {}, { idempotencyKey: 'of-caller', key: one })
    await expect(t.answer('tokens.issue', {}, { idempotencyKey: 'of-caller', key: other })).rejects.toMatchObject({
      code: 'idempotency.key_reused',
    })
  })

  it('idempotency keys of steps are apart from those of requests', async () => {
    const { kernel } = t.core
    const identity = await t.core.identify(
      { credential: t.adminKey, requestId: 'r', traceId: null, idempotencyKey: null, face: 'test' },
      null,
    )
    const step = { credential: identity, requestId: 'r', traceId: null, idempotencyKey: 'of-step', face: 'tool' }
    await t.answer('queues.pause', { queue: 'taken' }, { idempotencyKey: 'of-step' })
    expect(await kernel.call('queues.pause', step, { queue: 'by-step' })).toMatchObject({ replayed: false })
    expect(await kernel.call('queues.pause', step, { queue: 'by-step' })).toMatchObject({ replayed: true })
  })

  it('an idempotency key never stores a secret', async () => {
    const first = await t.answer('keys.create', { name: 'once', scopes: ['runs:read'] }, { idempotencyKey: 'k-5' })
    const second = await t.answer('keys.create', { name: 'once', scopes: ['runs:read'] }, { idempotencyKey: 'k-5' })
    expect((first.output as { secret: string }).secret).toMatch(/^orr_/)
    expect(second).toEqual({ status: 201, replayed: true, output: { ...(first.output as object), secret: null } })
  })

  it('an idempotency key is free again when the request had a problem', async () => {
    await expect(t.answer('runs.start', { workflow: 'nothing' }, { idempotencyKey: 'k-6' })).rejects.toMatchObject({
      code: 'workflow.not_found',
    })
    expect(await t.answer('runs.start', minimal, { idempotencyKey: 'k-6' })).toMatchObject({ replayed: false })
  })
})

describe.each([
  { where: 'in a transaction', name: 'limits.set', input: { limit: 'aged', max: 3 }, other: { limit: 'aged', max: 4 } },
  { where: 'outside of a transaction', name: 'tools.call', input: { tool: 'time.now' }, other: { tool: 'orchestrator.list' } },
])('the idempotency key of an operation that runs $where', ({ name, input, other }) => {
  const key = (suffix: string) => `${name}-${suffix}`
  const ask = (idempotencyKey: string, asked: object = input) => t.answer(name, asked, { idempotencyKey, requestId: idempotencyKey })
  const age = (idempotencyKey: string, hours: number) =>
    t.query(`update app.idempotency_key set at = at - $2 * interval '1 hour' where key = $1 returning key`, [idempotencyKey, hours])
  const effects = async (requestId: string) => (await t.query('select from app.audit_entry where request_id = $1', [requestId])).length

  it('returns the stored answer after 23 hours, and does the work again after 25', async () => {
    const { output } = await ask(key('answer'))
    expect(await age(key('answer'), 23)).toHaveLength(1)
    expect(await ask(key('answer'))).toMatchObject({ output, replayed: true })
    await age(key('answer'), 2)
    expect(await ask(key('answer'))).toMatchObject({ replayed: false })
    expect(await effects(key('answer'))).toBe(2)
    expect(await ask(key('answer'))).toMatchObject({ replayed: true })
  })

  it('is refused for another request after 23 hours, and accepted after 25', async () => {
    await ask(key('reuse'))
    await age(key('reuse'), 23)
    await expect(ask(key('reuse'), other)).rejects.toMatchObject({ code: 'idempotency.key_reused' })
    await age(key('reuse'), 2)
    expect(await ask(key('reuse'), other)).toMatchObject({ replayed: false })
  })

  it('is kept after 23 hours, and deleted after 25', async () => {
    await ask(key('forget'))
    await age(key('forget'), 23)
    await forgetAnswers(t.database, t.engine.now())
    expect(await ask(key('forget'))).toMatchObject({ replayed: true })
    await age(key('forget'), 2)
    await forgetAnswers(t.database, t.engine.now())
    expect(await age(key('forget'), 0)).toEqual([])
  })
})

describe('the idempotency key of an outside call that was cut off', () => {
  const ask = (idempotencyKey: string) => t.answer('tools.call', { tool: 'time.now' }, { idempotencyKey })
  /** Leaves what a process leaves that dies before the answer. */
  const cutOff = async (idempotencyKey: string, hours: number) => {
    await ask(idempotencyKey)
    await t.query(
      `with answered as (delete from app.idempotency_key where key = $1 returning *)
       insert into app.idempotency_claim select org_id, key, fingerprint, at - $2 * interval '1 hour' from answered`,
      [idempotencyKey, hours],
    )
  }

  it('is taken after 23 hours, and free after 25', async () => {
    await cutOff('cut-23', 23)
    await expect(ask('cut-23')).rejects.toMatchObject({ code: 'idempotency.in_progress' })
    await cutOff('cut-25', 25)
    expect(await ask('cut-25')).toMatchObject({ replayed: false })
    expect(await ask('cut-25')).toMatchObject({ replayed: true })
  })

  it('is kept after 23 hours, and deleted after 25', async () => {
    await cutOff('old-23', 23)
    await cutOff('old-25', 25)
    await forgetAnswers(t.database, t.engine.now())
    const kept = await t.query(`select key from app.idempotency_claim where key like 'old-%'`)
    expect(kept).toEqual([{ key: 'old-23' }])
  })
})

describe('the answer of a tool', () => {
  it('is returned again only to the API key that made the first call', async () => {
    const { secret } = await t.call('keys.create', { name: 'narrow', scopes: ['tools:call', 'tools:read'] })
    const input = { tool: 'orchestrator.list' }
    await t.answer('tools.call', input, { idempotencyKey: 'k-7' })
    expect(await t.answer('tools.call', input, { idempotencyKey: 'k-7' })).toMatchObject({ replayed: true })
    await expect(t.answer('tools.call', input, { idempotencyKey: 'k-7', key: secret })).rejects.toMatchObject({
      code: 'idempotency.key_reused',
    })
  })
})

describe('every write', () => {
  it('has an audit entry that says who did what, through which request', async () => {
    await t.answer('limits.set', { limit: 'workflow:single', max: 3 }, { requestId: 'req-audit' })
    const [entry] = (await t.call('audit.list', { action: 'limit.changed' })).items
    expect(entry).toMatchObject({
      action: 'limit.changed',
      actorType: 'api_key',
      subject: 'workflow:single',
      detail: { max: 3 },
      requestId: 'req-audit',
    })
    expect(entry?.inputDigest).toMatch(/^[0-9a-f]{64}$/)
  })

  it('commits the audit entry of a start in its group commit', async () => {
    const { runId } = await t.call('runs.start', minimal)
    expect((await t.call('audit.list', { subject: runId })).items).toMatchObject([
      { action: 'run.started', detail: { workflow: 'greeting' } },
    ])
  })
})

describe('the rate limit', () => {
  it('refuses a key that sends too much, says when to come back, and leaves other keys alone', async () => {
    const limited = await startTestCore({ work: false, rate: { perSecond: 1, burst: 3 } })
    try {
      for (let i = 0; i < 3; i++) await limited.call('runs.list', {})
      await expect(limited.call('runs.list', {})).rejects.toMatchObject({
        code: 'rate_limited',
        extra: { retryAfterMs: expect.any(Number) },
      })
    } finally {
      await limited.close()
    }
  })

  it('counts actors of another organization or of another type separately, even if their ids are the same', async () => {
    const limited = await startTestCore({ work: false, rate: { perSecond: 0.001, burst: 1 } })
    try {
      const actors = [
        { type: 'system', org: limited.org },
        { type: 'run', org: limited.org },
        { type: 'system', org: newId(0) },
      ] as const
      for (const { type, org } of actors) {
        const credential = { actor: { type, id: 'same', name: 'same' }, org, permissions: new Set(['runs:read'] as const) }
        const list = () =>
          limited.core.kernel.call('runs.list', { credential, requestId: 'r', traceId: null, idempotencyKey: null, face: 'test' }, {})
        expect(await list()).toMatchObject({ status: 200 })
        await expect(list()).rejects.toMatchObject({ code: 'rate_limited' })
      }
    } finally {
      await limited.close()
    }
  })
})

describe('a database that is gone', () => {
  it('an unreachable database is answered with `unavailable`, without the cause', async () => {
    const lost = await startTestCore({ work: false })
    await lost.call('runs.list', {})
    await lost.database.close()
    const refused = await lost.answer('runs.list', {}).catch((error: unknown) => error)
    expect(refused).toMatchObject({ status: expect.toBeOneOf([500, 503]) })
    expect(JSON.stringify(refused)).not.toMatch(/pool|pg|postgres/i)
    // The same where no operation is called: streams, figures, whole MCP requests. A key that is not cached is looked up.
    const caller = {
      credential: makeApiKey(t.core.kernel.secretKeys).secret,
      requestId: 'r',
      traceId: null,
      idempotencyKey: null,
      face: 'mcp',
    }
    const unknown = await lost.core.identify(caller, null).catch((error: unknown) => error)
    expect(unknown).toMatchObject({ status: expect.toBeOneOf([500, 503]) })
    await lost.close().catch(() => {})
  })
})
