/** A worker in a process of its own, for recovery.mjs to kill. Tells its parent its id once it takes runs. */
import { openEngine } from './engine.ts'

const { worker } = await openEngine({ ...JSON.parse(process.argv[2] ?? '{}'), role: 'worker' })
process.send?.(worker?.id)
process.once('disconnect', () => process.exit(0))
