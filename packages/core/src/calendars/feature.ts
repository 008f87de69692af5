import type { Kernel } from '@orrery/kernel'
import type { Feature } from '../feature.ts'
import { createFeedKind } from './refresh-feeds.ts'

export function createCalendarsFeature(kernel: Kernel): Feature {
  const feeds = createFeedKind(kernel)
  return { name: 'calendars', due: [feeds.kind], stop: () => feeds.background.stop() }
}
