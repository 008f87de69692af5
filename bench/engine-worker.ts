/** A worker process for recovery.mjs to kill. Sends its id to its parent once it takes runs. */
import { openEngine } from './engine.ts'

const { worker } = await openEngine({ ...JSON.parse(process.argv[2] ?? '{}'), role: 'worker' })
process.send?.(worker?.id)
process.once('disconnect', () => process.exit(0))
