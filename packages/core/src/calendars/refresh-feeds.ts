import { type BackgroundWork, containOutside, createBackgroundWork, type DueKind, type Kernel, NOTHING_DONE } from '@orrery/kernel'
import { type ClaimedFeed, claimFeeds, waitingFeeds } from './feed-store.ts'
import { fetchFeed } from './fetch-feed.ts'
import { feedComputation, type ReadFeed } from './read-feed.ts'
import { recordFetch } from './record-fetch.ts'

/** Fetches in progress per process. */
const CONCURRENCY_MAX = 8
/** Longer than a fetch may take. If a process dies during a fetch, another process fetches the feed after this time. */
const LEASE_MS = 60_000

/** Fetches due feeds. A fetch may take long, so it runs in the background of the due clock, and without an open transaction. */
export function createFeedKind(kernel: Kernel): { readonly kind: DueKind; readonly background: BackgroundWork } {
  const background = createBackgroundWork(CONCURRENCY_MAX, (error) => {
    kernel.log.warn({ error }, 'The result of fetching a feed could not be recorded; trying again later')
  })
  const kind: DueKind = {
    name: 'feed',
    waiting: waitingFeeds,
    async run({ org, clock }) {
      const room = background.room()
      if (room === 0) return NOTHING_DONE
      const now = clock.now()
      const lease = { now: new Date(now), until: new Date(now + LEASE_MS) }
      // A feed that is being fetched here stays due until that fetch has ended: a refresh was requested meanwhile.
      const fetching = background.keys().flatMap((key) => (key.startsWith(`${org} `) ? [key.slice(org.length + 1)] : []))
      const feeds = await kernel.database.transaction(org, 'read write', (tx) => claimFeeds(tx, org, lease, room, fetching))
      for (const feed of feeds) background.begin(`${org} ${feed.url}`, (signal) => refresh(kernel, feed, signal))
      return { count: feeds.length, latenessMs: feeds.map(({ was_due_at }) => now - was_due_at.getTime()) }
    },
  }
  return { kind, background }
}

async function refresh(kernel: Kernel, feed: ClaimedFeed, signal: AbortSignal): Promise<void> {
  const { outside, engine, log } = kernel
  const answer = await containOutside(log, 'the fetch of a feed', () =>
    fetchFeed(feed, outside, signal, (text) => readInProcess(kernel, feed.org_id, text)),
  )
  // The fetch was aborted because this process stops, so nothing is recorded. The feed is due again when the lease ends.
  if (signal.aborted) return
  const { org_id: org, url, leased_until: leasedUntil } = feed
  if (answer.kind === 'failed')
    log.info({ org, host: new URL(url).host, failure: answer.failure }, 'A feed of a calendar could not be fetched')
  await recordFetch(kernel, { org, url, answer, at: engine.now(), leasedUntil })
}

async function readInProcess({ compute }: Kernel, org: string, text: string): Promise<ReadFeed> {
  const read = await compute.run(org, feedComputation, text, false)
  if (read.outcome === 'done') return read.value
  const limit = read.outcome === 'timeout' ? `${read.limitMs / 1000} s of processor time` : `${read.limitMb} MB of memory`
  return { failure: `The feed takes more than ${limit} to read` }
}
