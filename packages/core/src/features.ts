import type { Kernel } from '@orrery/kernel'
import type { ScheduleFact } from './automations/due/fire-schedules.ts'
import { createAutomationsFeature } from './automations/feature.ts'
import { createCalendarsFeature } from './calendars/feature.ts'
import type { Feature } from './feature.ts'
import { createPipelinesFeature } from './pipelines/feature.ts'
import type { RedisRelay } from './relay/redis-relay.ts'

export interface FeatureOptions {
  /** Null: no Redis is configured. */
  readonly relay: RedisRelay | null
  readonly observeFirings: (fact: ScheduleFact) => void
}

/** The features of all nouns. */
export function createFeatures(kernel: Kernel, { relay, observeFirings }: FeatureOptions): readonly Feature[] {
  return [
    createCalendarsFeature(kernel),
    createPipelinesFeature(kernel),
    createAutomationsFeature(kernel, observeFirings),
    ...(relay === null ? [] : [{ name: 'relay', consumers: [relay.consumer], stop: relay.stop }]),
  ]
}
