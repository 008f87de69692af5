const COMPARED_MAX = 64

/** `; did you mean params?` for a name that is nearly one of those known, else nothing. */
export function suggest(name: string, known: Iterable<string>): string {
  if (name.length > COMPARED_MAX) return ''
  let best: string | null = null
  let least = name.length < 3 ? 1 : name.length < 6 ? 2 : 3
  for (const candidate of known) {
    const distance = candidate.length > COMPARED_MAX ? least : countEdits(name.toLowerCase(), candidate.toLowerCase())
    if (distance < least) [best, least] = [candidate, distance]
  }
  return best === null ? '' : `; did you mean ${best}?`
}

/** How many letters are wrong, missing, too much, or swapped with their neighbour. */
function countEdits(a: string, b: string): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const change = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row.push(Math.min(change, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, isSwap ? (before[j - 2] ?? 0) + 1 : change))
    }
    before = above
    above = row
  }
  return above.at(-1) ?? 0
}
