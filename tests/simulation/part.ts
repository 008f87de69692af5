/** A process of `runParts`: carries out one order after another until its parent disconnects. */
import { openRunner } from './run-seeds.ts'
import type { SeedsOrder } from './tally.ts'

const run = await openRunner()
process.on('message', (order: SeedsOrder) => {
  run(order).then(
    (tally) => process.send?.(tally),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
