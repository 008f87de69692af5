import type { OrgId } from '@orrery/engine'
import type { Transaction } from '@orrery/kernel'
import type { StoredCondition } from '../automation-row.ts'
import { compileTopic, type TopicPattern } from '../planning/compile-topic.ts'
import { type ListeningTrigger, selectListening } from '../trigger-store.ts'

/** A trigger that listens to events, of an automation that is not paused. */
export interface Listener extends Omit<ListeningTrigger, 'condition'> {
  readonly pattern: TopicPattern
  /** The state of a condition, as this process knows it. With an argument, sets it. */
  condition(now?: StoredCondition): StoredCondition | null
}

/** The prefixes that a pattern for this topic can have. `app.topic_prefixes` computes the same in SQL. */
export function prefixesOf(topic: string): readonly string[] {
  const words = topic.split('.')
  return [topic, '', ...words.slice(1).map((_, at) => `${words.slice(0, at + 1).join('.')}.`)]
}

/** Listeners whose pattern has a prefix of one of the topics, in id order. */
export async function selectListeners(tx: Transaction, org: OrgId, topics: Iterable<string>): Promise<Listener[]> {
  const rows = await selectListening(tx, org, [...new Set([...topics].flatMap(prefixesOf))])
  return rows.flatMap(({ condition, ...row }) => {
    const topic = compileTopic(row.definition.topic ?? '')
    // The pattern was checked when it was stored. If it is not valid any more, it matches nothing.
    return topic.ok ? [{ ...row, pattern: topic.value, condition: remember(condition) }] : []
  })
}

function remember(stored: StoredCondition | null): Listener['condition'] {
  let known = stored
  return (now) => {
    if (now !== undefined) known = now
    return known
  }
}
