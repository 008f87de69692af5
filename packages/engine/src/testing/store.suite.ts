import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest'
import { describeAuthority } from './store-suite/describe-authority.ts'
import { describeClaims } from './store-suite/describe-claims.ts'
import { describeControl } from './store-suite/describe-control.ts'
import { describeDeletion } from './store-suite/describe-deletion.ts'
import { describeDepths } from './store-suite/describe-depths.ts'
import { describeFlush } from './store-suite/describe-flush.ts'
import { describeKeys } from './store-suite/describe-keys.ts'
import { describeLimits } from './store-suite/describe-limits.ts'
import { describeMessages } from './store-suite/describe-messages.ts'
import { describeParks } from './store-suite/describe-parks.ts'
import { describeStops } from './store-suite/describe-stops.ts'
import { describeWorkers } from './store-suite/describe-workers.ts'
import { newWorld, type StoreFixture, type World } from './store-suite/world.ts'

const parts: Readonly<Record<string, (world: () => World) => void>> = {
  flush: describeFlush,
  parks: describeParks,
  messages: describeMessages,
  claims: describeClaims,
  workers: describeWorkers,
  control: describeControl,
  stops: describeStops,
  limits: describeLimits,
  keys: describeKeys,
  authority: describeAuthority,
  deletion: describeDeletion,
  depths: describeDepths,
}

/**
 * The definition of a correct store. Callers may not rely on behaviour that this suite does not test. The invariants are checked after
 * every test.
 */
export function describeStore(name: string, makeStore: () => Promise<StoreFixture>): void {
  describe(`${name} is a store:`, () => {
    let fixture: StoreFixture
    let world: World
    beforeAll(async () => {
      fixture = await makeStore()
    })
    afterAll(() => fixture.close())
    beforeEach(async () => {
      world = await newWorld(fixture)
    })
    afterEach(async () => {
      expect(await fixture.store.violations()).toEqual([])
    })
    for (const [part, define] of Object.entries(parts)) describe(part, () => define(() => world))
  })
}

export type { StoreFixture }
