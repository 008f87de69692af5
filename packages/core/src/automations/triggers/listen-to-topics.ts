import type { OrgId } from '@orrery/engine'
import type { Transaction } from '@orrery/kernel'
import type { StoredCondition } from '../automation-row.ts'
import { compileTopic, type TopicPattern } from '../planning/compile-topic.ts'
import { type ListeningTrigger, selectListening } from '../trigger-store.ts'

/** A trigger that listens to events, of an automation that is not paused. */
export interface Listener extends Omit<ListeningTrigger, 'condition'> {
  readonly pattern: TopicPattern
  /** The state of a condition, as far as it is known here; with an argument it is set. */
  condition(now?: StoredCondition): StoredCondition | null
}

/** The beginnings that a pattern for this topic can have; app.topic_prefixes is the same. */
export function prefixesOf(topic: string): readonly string[] {
  const words = topic.split('.')
  return [topic, '', ...words.slice(1).map((_, at) => `${words.slice(0, at + 1).join('.')}.`)]
}

/** Those whose pattern begins as one of the topics does, in the order of their ids. */
export async function selectListeners(tx: Transaction, org: OrgId, topics: Iterable<string>): Promise<Listener[]> {
  const rows = await selectListening(tx, org, [...new Set([...topics].flatMap(prefixesOf))])
  return rows.flatMap(({ condition, ...row }) => {
    const topic = compileTopic(row.definition.topic ?? '')
    // It was checked when it was stored; a pattern that is no longer valid matches nothing.
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
