import type { OrgId } from '@orrery/engine'
import type { Transaction } from '../../database/database.ts'
import type { StoredTrigger } from '../definition/read-definition.ts'
import { compileTopic, type TopicPattern } from '../planning/compile-topic.ts'
import type { StoredCondition } from './condition-state.ts'

/** A trigger that listens to events, of an automation that is not paused. */
export interface Listener {
  readonly triggerId: string
  readonly definition: Extract<StoredTrigger, { readonly type: 'event' | 'condition' }>
  /** Of the automation; IANA name. */
  readonly timezone: string
  /** Something kept it from firing when it was last looked at. */
  readonly isTroubled: boolean
  readonly pattern: TopicPattern
  /** The state of a condition, as far as it is known here; with an argument it is set. */
  condition(now?: StoredCondition): StoredCondition | null
}

/** The beginnings that a pattern for this topic can have; app.topic_prefixes is the same. */
export function prefixesOf(topic: string): readonly string[] {
  const words = topic.split('.')
  return [topic, '', ...words.slice(1).map((_, at) => `${words.slice(0, at + 1).join('.')}.`)]
}

/** Those whose pattern begins as one of the topics does: by the index, whatever others there are. In the order of their ids. */
export async function selectListeners(tx: Transaction, org: OrgId, topics: Iterable<string>): Promise<Listener[]> {
  const prefixes = new Set([...topics].flatMap(prefixesOf))
  type Row = Omit<Listener, 'pattern' | 'condition'> & { readonly stored: StoredCondition | null }
  const { rows } = await tx.client.query<Row>({
    name: 'trigger_listeners',
    text: `select t.trigger_id as "triggerId", t.definition, coalesce(a.definition->>'timezone', 'UTC') as timezone,
             t.condition as stored, t.trouble is not null as "isTroubled"
           from app.trigger t join app.automation a on a.org_id = t.org_id and a.automation_id = t.automation_id
           where t.org_id = $1 and t.prefix is not null and t.prefix = any ($2) and t.type in ('event', 'condition') and a.status = 'active'
           order by t.trigger_id`,
    values: [org, [...prefixes]],
  })
  return rows.flatMap(({ stored, ...row }) => {
    const topic = compileTopic(row.definition.topic ?? '')
    // What is stored was checked; a pattern that is none any more matches nothing.
    return topic.ok ? [{ ...row, pattern: topic.value, condition: remember(stored) }] : []
  })
}

function remember(stored: StoredCondition | null): Listener['condition'] {
  let known = stored
  return (now) => {
    if (now !== undefined) known = now
    return known
  }
}
