import type { Notifier } from '@orrery/engine'
import type { Log } from '../context/kernel.ts'
import type { Database } from '../database/database.ts'
import { findBehind } from './consumer-store.ts'

/** Between two looks, so that hints that come in a burst make one. The first after a while is at once. */
const PAUSE_MS = 25
/** A transaction in progress hides what others have committed; it is looked for again after this, then after twice as long, up to so long. */
const HIDDEN_MS = 20
const HIDDEN_MAX_MS = 500

export interface EventTailOptions {
  readonly database: Database
  /** Without hints the poll alone finds new events. */
  readonly notifier: Pick<Notifier, 'listen'> | null
  readonly log: Log
  /** Absent: 10 s, or 1 s without hints. */
  readonly pollMs?: number
}

/** The end of the event log, watched for all consumers of a process with one query: whoever is behind is woken. */
export class EventTail {
  private readonly options: EventTailOptions
  private readonly watchers = new Map<string, () => void>()
  private readonly unlisten: () => void
  private readonly poll: NodeJS.Timeout
  private due: NodeJS.Timeout | null = null
  private looking: Promise<void> | null = null
  private again = false
  private lookedAt = Number.NEGATIVE_INFINITY
  private hiddenMs = HIDDEN_MS
  private lookAgain: NodeJS.Timeout | null = null
  private stopped = false

  constructor(options: EventTailOptions) {
    this.options = options
    this.unlisten = options.notifier?.listen((hint) => hint.type === 'events' && this.onHint()) ?? (() => {})
    this.poll = setInterval(() => this.lookSoon(), options.pollMs ?? (options.notifier === null ? 1000 : 10_000))
    this.poll.unref()
  }

  /** `wake` is called when the consumer of this name has something to read; now, too, if it has. Gives the end of it. */
  watch(name: string, wake: () => void): () => void {
    this.watchers.set(name, wake)
    this.lookSoon()
    return () => void this.watchers.delete(name)
  }

  async stop(): Promise<void> {
    this.stopped = true
    this.unlisten()
    clearInterval(this.poll)
    if (this.due !== null) clearTimeout(this.due)
    if (this.lookAgain !== null) clearTimeout(this.lookAgain)
    await this.looking
  }

  private onHint(): void {
    this.hiddenMs = HIDDEN_MS
    this.lookSoon()
  }

  private lookSoon(): void {
    this.again = true
    if (this.watchers.size === 0 || this.due !== null || this.looking !== null || this.stopped) return
    const delayMs = Math.max(0, this.lookedAt + PAUSE_MS - performance.now())
    this.due = setTimeout(() => {
      this.due = null
      this.looking = this.look()
        .catch((error: unknown) => this.options.log.warn({ error }, 'The end of the event log could not be read'))
        .finally(() => {
          this.looking = null
          if (this.again) this.lookSoon()
        })
    }, delayMs)
  }

  private async look(): Promise<void> {
    this.again = false
    this.lookedAt = performance.now()
    const { behind, isHiding } = await findBehind(this.options.database, [...this.watchers.keys()])
    for (const name of behind) this.watchers.get(name)?.()
    if (isHiding) this.lookLater()
  }

  private lookLater(): void {
    if (this.lookAgain !== null) clearTimeout(this.lookAgain)
    if (this.stopped) return
    this.lookAgain = setTimeout(() => this.lookSoon(), this.hiddenMs)
    this.lookAgain.unref()
    this.hiddenMs = Math.min(this.hiddenMs * 2, HIDDEN_MAX_MS)
  }
}
