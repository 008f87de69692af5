import type { DatabaseClock } from '../../clock.ts'
import type { Store } from '../../store/store.ts'

/** Between readings. In this time, the clocks of two machines come apart by less than a millisecond. */
const READ_MS = 10_000

export interface KeepTimeParts {
  readonly store: Pick<Store, 'now'>
  readonly clock: DatabaseClock
  readonly isClosed: () => boolean
}

/** Reads the database's time, now and again until the engine is closed. Beats read it too, but only a worker has beats. */
export async function keepTime({ store, clock, isClosed }: KeepTimeParts): Promise<void> {
  const read = async (): Promise<void> => {
    const onTime = clock.reading()
    onTime(await store.now())
  }
  const plan = (): void => void clock.setTimeout(() => void readAgain(), READ_MS)
  const readAgain = async (): Promise<void> => {
    if (isClosed()) return
    // Without an answer the clock stays as it is.
    await read().catch(() => undefined)
    plan()
  }
  await read()
  plan()
}
