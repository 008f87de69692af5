import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'

let t: TestCore

beforeAll(async () => {
  t = await startTestCore()
})
afterAll(() => t?.close())

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

describe('workflows.deploy', () => {
  it('makes the bundle the default of its workflows, as workflows.list, workflows.get and workflows.versions show', async () => {
    const { bundle } = t.project
    expect(await t.answer('workflows.deploy', bundle)).toMatchObject({
      status: 201,
      output: { version: bundle.hash, workflows: bundle.manifest.workflows.map(({ name }) => name) },
    })
    const { items } = await t.call('workflows.list', {})
    expect(items.map(({ name }) => name)).toEqual(['approval', 'fragile', 'greeting', 'naming', 'single', 'stumbling'])
    expect(await t.call('workflows.get', { workflow: 'greeting' })).toMatchObject({ version: bundle.hash, description: 'Greets a person.' })
    expect((await t.call('workflows.get', { workflow: 'single' })).options).toMatchObject({ concurrency: { limit: 1 } })

    // Equivalent code with another text is a second version.
    const code = `${bundle.code}\n;`
    await t.call('workflows.deploy', { ...bundle, code, hash: sha256(code) } as never)
    const versions = await t.call('workflows.versions', { workflow: 'greeting' })
    expect(versions.items.map(({ version, isDefault }) => [version, isDefault])).toEqual([
      [sha256(code), true],
      [bundle.hash, false],
    ])
    const first = await t.call('workflows.versions', { workflow: 'greeting', limit: 1 })
    const second = await t.call('workflows.versions', { workflow: 'greeting', limit: 1, cursor: first.nextCursor ?? '' })
    expect(second.items[0]?.version).toBe(bundle.hash)
    const paged = await t.call('workflows.list', { limit: 4 })
    expect((await t.call('workflows.list', { cursor: paged.nextCursor ?? '' })).items.map(({ name }) => name)).toEqual([
      'single',
      'stumbling',
    ])
  })

  it('rejects code that does not match its hash or its manifest, or does not load', async () => {
    const { bundle } = t.project
    const wrong = [
      { ...bundle, hash: '0'.repeat(64) },
      { ...bundle, code: 'not valid code', hash: sha256('not valid code') },
      { ...bundle, code: '1 + 1', hash: sha256('1 + 1') },
      { ...bundle, code: 'throw new Error("early")', hash: sha256('throw new Error("early")') },
      { ...bundle, manifest: { ...bundle.manifest, workflows: bundle.manifest.workflows.slice(1) } },
      { ...bundle, map: 'not JSON' },
    ]
    for (const input of wrong) await expect(t.answer('workflows.deploy', input)).rejects.toMatchObject({ code: 'workflow.bundle_invalid' })
    await expect(t.call('workflows.get', { workflow: 'nothing' })).rejects.toMatchObject({ code: 'workflow.not_found' })
    await expect(t.call('workflows.versions', { workflow: 'nothing' })).rejects.toMatchObject({ code: 'workflow.not_found' })
  })
})

describe('workflows.checkDeploy', () => {
  it('replays live runs on a bundle and changes nothing', async () => {
    await t.deploy()
    await t.call('runs.start', { workflow: 'approval', input: {} })
    await t.call('runs.start', { workflow: 'approval', input: {} })
    expect(await t.answer('workflows.checkDeploy', t.project.bundle)).toMatchObject({
      status: 200,
      output: { checked: 2, failed: 0, complete: true, findings: [] },
    })
    expect((await t.answer('workflows.checkDeploy', { ...t.project.bundle, limit: 1 })).output).toMatchObject({
      checked: 1,
      complete: false,
    })
  })
})
