const COMPARED_MAX = 64
/** Comparing takes long: with so many others, and for so many names in one check. */
export const KNOWN_MAX = 2000
const ANSWERS_MAX = 20

export type Suggest = (name: string, known: Iterable<string>) => string

/** A `suggest` that has nothing more to say after some answers. */
export function createSuggest(): Suggest {
  let left = ANSWERS_MAX
  return (name, known) => (left-- > 0 ? suggest(name, known) : '')
}

/** `; did you mean params?` for a name that is nearly one of those known, else nothing. */
export function suggest(name: string, known: Iterable<string>): string {
  if (name.length > COMPARED_MAX) return ''
  let best: string | null = null
  let least = name.length < 3 ? 1 : name.length < 6 ? 2 : 3
  let compared = 0
  for (const candidate of known) {
    if (compared++ >= KNOWN_MAX) break
    if (candidate.length > COMPARED_MAX || Math.abs(candidate.length - name.length) >= least) continue
    const distance = countEdits(name.toLowerCase(), candidate.toLowerCase(), least)
    if (distance < least) [best, least] = [candidate, distance]
  }
  return best === null ? '' : `; did you mean ${best}?`
}

/** How many letters are wrong, missing, too much, or swapped with their neighbour. Gives up at `most`. */
function countEdits(a: string, b: string, most: number): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const change = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row.push(Math.min(change, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, isSwap ? (before[j - 2] ?? 0) + 1 : change))
    }
    if (Math.min(...row) >= most) return most
    before = above
    above = row
  }
  return above.at(-1) ?? 0
}
