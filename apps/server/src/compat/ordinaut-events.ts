/** `/events`: publishes events, and lists topics and recent events. */
import { type Automation, decodeId, json } from '@orrery/contract'
import { z } from 'zod'
import type { ContractRoute, Exchange } from './contract-route.ts'
import { mapRows, readRows, wholeNumber } from './ordinaut-pages.ts'

const publishBody = z.object({
  topic: z.string().min(1).max(128),
  payload: z.record(z.string(), json).default({}),
  source_agent_id: z.string().min(1).max(128).nullish(),
})

async function publish(exchange: Exchange): Promise<object> {
  exchange.translate(([member, ...rest]) => ['body', member === 'source' ? 'source_agent_id' : (member ?? ''), ...rest])
  const { type, subject, at } = await exchange.call('events.emit', async () => {
    const { topic, payload, source_agent_id: source } = await exchange.body(publishBody)
    return { topic, payload, ...(source === undefined || source === null ? {} : { source }) }
  })
  return {
    success: true,
    message: `Event published to topic '${type}'`,
    details: { topic: type, source_agent_id: toAgent(subject), published_at: at },
  }
}

async function listTopics(exchange: Exchange): Promise<object> {
  const active = await readRows((page) => exchange.call('automations.list', { status: 'active', ...page }))
  const listening = (await mapRows(active, ({ id }) => exchange.call('automations.get', { automation: id }))).flatMap(topicsOf)
  const topics = [...Map.groupBy(listening, ({ topic }) => topic)].map(([topic, same]) => ({
    topic,
    active_tasks: same.length,
    task_ids: same.map(({ task }) => task),
  }))
  return { total_topics: topics.length, topics }
}

function topicsOf({ id, definition }: Automation): { topic: string; task: string }[] {
  const topics = (definition.triggers ?? []).flatMap((trigger) => (trigger.type === 'event' ? [trigger.topic] : []))
  return [...new Set(topics)].map((topic) => ({ topic, task: decodeId('aut', id) ?? '' }))
}

/** Agents are keys here. Ordinaut's agent ids were UUIDs. */
const toAgent = (subject: string): string => decodeId('key', subject) ?? subject

async function listRecent(exchange: Exchange): Promise<object> {
  const { count } = exchange.query(z.object({ count: wholeNumber(1, 200).default(50) }))
  const { items } = await exchange.call('events.list', { limit: count, newestFirst: true })
  const events = items.map(({ id, type, subject, at, data }) => ({
    event_id: id,
    stream_id: id,
    topic: type,
    payload: data,
    source_agent_id: toAgent(subject),
    published_at: at,
  }))
  return { total_events: events.length, events }
}

/** Deletes nothing, and says so. Requires the permission to read the events. */
async function cleanUp(exchange: Exchange): Promise<object> {
  const { max_age_hours } = exchange.query(z.object({ max_age_hours: wholeNumber(0, 1_000_000).default(24) }))
  await exchange.call('events.list', { limit: 1 })
  return {
    success: true,
    message: 'Nothing was deleted: the retention setting of the server decides how long events are kept',
    details: { deleted_count: 0, max_age_hours },
  }
}

export const eventRoutes: readonly ContractRoute[] = [
  { method: 'POST', path: '/events', status: 202, shared: 'client', handle: publish },
  { method: 'GET', path: '/events/topics', handle: listTopics },
  { method: 'GET', path: '/events/stream/recent', handle: listRecent },
  { method: 'DELETE', path: '/events/stream/cleanup', handle: cleanUp },
]
