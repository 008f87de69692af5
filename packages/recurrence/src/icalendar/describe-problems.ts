import { unfold } from '../content-lines.ts'
import type { CalendarFeed } from './parse-icalendar.ts'

const WARNINGS_MAX = 20
const WARNING_LETTERS_MAX = 300

/**
 * What of a feed was left out or is not understood, one sentence each with its first line, at most 20. The same thing at several places is
 * one sentence.
 */
export function describeProblems(text: string, { problems, events }: CalendarFeed): string[] {
  const { positionBefore } = unfold(text)
  const lineAt = (position: number) => text.slice(0, positionBefore(position)).split('\n').length
  const places = new Map<string, { readonly first: number; count: number }>()
  for (const { message, position } of problems) {
    const known = places.get(message)
    if (known === undefined) places.set(message, { first: position, count: 1 })
    else known.count += 1
  }
  const shown = [...places].slice(0, WARNINGS_MAX).map(([message, { first, count }]) => {
    const more = count > 1 ? ` (and at ${count - 1} other places)` : ''
    return `line ${lineAt(first)}: ${message.slice(0, WARNING_LETTERS_MAX)}${more}`
  })
  const left = places.size - shown.length
  if (left > 0) shown.push(`${left} other problems are not shown`)
  const free = events.filter(({ isFree }) => isFree).length
  if (free > 0)
    shown.push(
      `${free} of ${events.length} events are marked as free (TRANSP:TRANSPARENT): they close nothing unless the layer has free: closed`,
    )
  return shown
}
