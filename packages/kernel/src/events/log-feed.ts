import { comparePositions, type Position, parsePosition } from './event-position.ts'

/** The most entries kept in memory for the subscribers of one organization. A subscriber that needs older ones reads the database. */
const ENTRIES_MAX = 1000

/** The most recent entries of one organization's part of a log. `kept` has every entry after `start`, up to `end`. */
export class LogFeed<Entry extends { readonly id: string }> {
  private kept: { readonly position: Position; readonly entry: Entry }[] = []
  private startAt: string
  private endAt: string
  private readonly waiting = new Set<() => void>()
  private changes = 0

  /** @param now the position to begin at */
  constructor(now: string) {
    this.startAt = now
    this.endAt = now
  }

  get start(): string {
    return this.startAt
  }

  get end(): string {
    return this.endAt
  }

  get version(): number {
    return this.changes
  }

  append(entries: readonly Entry[]): void {
    if (entries.length === 0) return
    for (const entry of entries) this.kept.push({ position: parsePosition(entry.id), entry })
    this.endAt = entries.at(-1)?.id ?? this.endAt
    const spare = this.kept.length - ENTRIES_MAX
    if (spare > 0) {
      this.startAt = this.kept[spare - 1]?.entry.id ?? this.startAt
      this.kept = this.kept.slice(spare)
    }
    this.wake()
  }

  /** The entries after `id`, or null if some of them may have been dropped. */
  after(id: string): readonly Entry[] | null {
    const from = parsePosition(id)
    if (comparePositions(from, parsePosition(this.startAt)) < 0) return null
    return this.kept.filter(({ position }) => comparePositions(position, from) > 0).map(({ entry }) => entry)
  }

  wake(): void {
    this.changes++
    for (const wake of this.waiting) wake()
    this.waiting.clear()
  }

  /** Resolves when entries were appended since `version` was read, or when the signal aborts. */
  changed(version: number, signal: AbortSignal): Promise<void> {
    if (version !== this.changes || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', done)
        this.waiting.delete(done)
        resolve()
      }
      this.waiting.add(done)
      signal.addEventListener('abort', done, { once: true })
    })
  }
}
