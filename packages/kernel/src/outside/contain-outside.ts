import { currentOwner, runOwned } from '@orrery/engine'
import { toFailure } from '@orrery/engine/workflow'

interface ErrorLog {
  error(fields: object, message: string): void
}

/**
 * Runs code that handles what other systems send. An error that nothing in it catches is logged and does not end the process. In the body of
 * a step such an error belongs to the step.
 */
export function containOutside<T>(log: ErrorLog, what: string, code: () => Promise<T>): Promise<T> {
  if (currentOwner() !== undefined) return code()
  const onStray = (error: unknown): void => log.error({ what, error: toFailure(error) }, 'Nothing caught an error of outside work')
  return runOwned({ log: null, onStray }, code)
}
