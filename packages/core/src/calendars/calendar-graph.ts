/** The dependencies between the calendars of one organization. Pure. */
import type { CalendarDefinition } from '@orrery/contract'
import { basesOf } from './calendar-row.ts'

export type Definitions = ReadonlyMap<string, CalendarDefinition>

/** The names in a cycle that begins and ends with `name`, if it depends on itself. */
export function findCycle(all: Definitions, name: string): string[] | null {
  const seen = new Set<string>()
  const walk = (at: string, trail: readonly string[]): string[] | null => {
    for (const base of namedBy(all, at)) {
      if (base === name) return [...trail, base]
      if (seen.has(base)) continue
      seen.add(base)
      const cycle = walk(base, [...trail, base])
      if (cycle !== null) return cycle
    }
    return null
  }
  return walk(name, [name])
}

/** The named calendars and all that they depend on. Unknown names are left out. */
export function closureOf(all: Definitions, names: Iterable<string>): Set<string> {
  const found = new Set<string>()
  const waiting = [...names]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name) || !all.has(name)) continue
    found.add(name)
    waiting.push(...namedBy(all, name))
  }
  return found
}

/** The calendars that depend on any of `names`, directly or not, including these. */
export function dependentsOf(all: Definitions, names: readonly string[]): string[] {
  return [...all.keys()].filter((name) => {
    const closure = closureOf(all, [name])
    return names.some((one) => closure.has(one))
  })
}

/** The length of the longest chain of dependencies that begins with `name`. There must be no cycle. */
export function heightOf(all: Definitions, name: string, known = new Map<string, number>()): number {
  if (!all.has(name)) return 0
  const done = known.get(name)
  if (done !== undefined) return done
  const height = 1 + Math.max(0, ...namedBy(all, name).map((base) => heightOf(all, base, known)))
  known.set(name, height)
  return height
}

function namedBy(all: Definitions, name: string): string[] {
  const definition = all.get(name)
  return definition === undefined ? [] : basesOf(definition)
}
