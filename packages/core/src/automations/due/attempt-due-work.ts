import { type DueResult, isTransient, type Kernel } from '@orrery/kernel'

/** Attempts due work. A temporary failure is thrown, so that the due clock tries again; any other failure marks the work as failed. */
export async function attemptDueWork(
  { log }: Kernel,
  org: string,
  attempt: () => Promise<DueResult>,
  markFailed: (reason: string) => Promise<DueResult>,
): Promise<DueResult> {
  try {
    return await attempt()
  } catch (error) {
    if (isTransient(error)) throw error
    log.error({ error, org }, 'Due work of an automation failed')
    return await markFailed('The run could not be started; see the server’s log.')
  }
}
