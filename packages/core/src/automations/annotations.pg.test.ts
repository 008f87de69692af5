import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'

let t: TestCore

beforeAll(async () => {
  t = await startTestCore()
  await t.deploy()
})
afterAll(() => t.close())

const create = (name: string, annotations?: object) =>
  t.call('automations.create', {
    name,
    schedule: 'every 1h',
    workflow: { name: 'greeting', input: { name: 'Ada' } },
    ...(annotations === undefined ? {} : { annotations: annotations as Record<string, never> }),
  })

describe('annotations of an automation', () => {
  it('keeps annotations in an update that does not name them, and replaced as a whole by one that does', async () => {
    const { id: automation } = await create('annotated', { studio: { x: 1 }, ordinaut: 'a' })
    expect(await t.call('automations.update', { automation, title: 'Other' })).toMatchObject({
      annotations: { studio: { x: 1 }, ordinaut: 'a' },
    })
    const changed = await t.call('automations.update', { automation, annotations: { studio: { x: 2 } } })
    expect(changed.annotations).toEqual({ studio: { x: 2 } })
    expect((await t.call('automations.get', { automation })).annotations).toEqual({ studio: { x: 2 } })
  })

  it('are kept by an apply that does not name them, and replaced by one that does', async () => {
    const definition = { name: 'applied', schedule: 'every 1h', workflow: { name: 'greeting', input: { name: 'Ada' } } }
    const apply = (more: object) => t.call('automations.apply', { ...definition, ...more })
    expect(await apply({ annotations: { studio: 1 } })).toMatchObject({ outcome: 'created', annotations: { studio: 1 } })
    expect(await apply({})).toMatchObject({ outcome: 'unchanged', annotations: { studio: 1 } })
    expect(await apply({ annotations: { studio: 1 } })).toMatchObject({ outcome: 'unchanged', version: 1 })
    expect(await apply({ title: 'Applied' })).toMatchObject({ outcome: 'updated', annotations: { studio: 1 } })
    expect((await apply({ title: 'Applied', annotations: { studio: 2 } })).annotations).toEqual({ studio: 2 })
  })

  it('are limited to 32 entries', async () => {
    const many = Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`client-${at}`, at]))
    await expect(create('many', many)).rejects.toMatchObject({ code: 'invalid_input', extra: { errors: [{ path: 'annotations' }] } })
  })

  it.each([
    ['a NUL character', 'a\u0000b'],
    ['an unpaired surrogate', ['\ud800']],
    ['a name with a NUL character', { 'a\u0000': 1 }],
    ['more than 256 KiB', 'x'.repeat(270_000)],
  ])('refuse %s', async (what, value) => {
    const name = what.replaceAll(' ', '-')
    await expect(create(name, { studio: value })).rejects.toMatchObject({
      code: 'invalid_input',
      extra: { errors: [{ path: 'annotations' }] },
    })
  })

  it('are shared with a server of the version before, which knows one of them as a column', async () => {
    const { id: automation } = await create('shared', { studio: 1, ordinaut: { title: 'old' } })
    const column = () => t.query<{ ordinaut: unknown }>(`select ordinaut from app.automation where name = 'shared'`)
    expect(await column()).toEqual([{ ordinaut: { title: 'old' } }])
    await t.query(`update app.automation set ordinaut = '{"title": "new"}' where name = 'shared'`)
    expect((await t.call('automations.get', { automation })).annotations).toEqual({ studio: 1, ordinaut: { title: 'new' } })
  })
})
