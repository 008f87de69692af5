import { expect, test } from 'vitest'
import { buildBundle } from '../../bundle/build-bundle.ts'
import { type BundleHosts, inThisProcess } from '../../sandbox/bundle-host.ts'
import { createMemoryDatabase } from '../../store/memory/create-memory-store.ts'
import { createVirtualClock } from '../../testing/virtual-clock.ts'
import { type LoadedBundle, SandboxCache } from './sandbox-cache.ts'

const org = '00000000-0000-7000-8000-000000000001'
const VERSIONS = 130

test('a version that has not been used for long keeps no sandbox, unless runs of it are in work', async () => {
  const clock = createVirtualClock()
  const store = createMemoryDatabase({ clock }).connect(clock)
  const built = await buildBundle({ entries: ['../fixtures/changed.ts'], root: import.meta.dirname })
  for (let n = 0; n < VERSIONS; n++) await store.saveBundle(org, `v${n}`, built.code, JSON.stringify(built.manifest))
  const open = new Set<string>()
  let opened = 0
  const counting: BundleHosts = {
    ...inThisProcess,
    open: (...args) => {
      const host = inThisProcess.open(...args)
      const name = `${opened++}`
      const describe = () => {
        open.add(name)
        return host.describe()
      }
      const dispose = () => {
        open.delete(name)
        host.dispose()
      }
      return { ...host, describe, dispose }
    },
  }
  const cache = new SandboxCache(store, counting)
  let held: LoadedBundle | null = null
  cache.isHeld = (bundle) => bundle === held
  for (let n = 0; n < VERSIONS; n++) {
    const bundle = await cache.load(org, `v${n}`)
    if (n === 0) held = bundle
    await bundle?.host.describe()
  }
  expect(open.size).toBeLessThanOrEqual(101)
  expect(open).toContain('0')
  expect(await cache.load(org, 'v0')).toBe(held)
})
