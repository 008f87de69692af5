import { type DueResult, isTransient, type Kernel } from '@orrery/kernel'

/** Gives up what fails for a reason of its own. A failure that passes is thrown: the clock comes again. */
export async function performOrGiveUp(
  { log }: Kernel,
  org: string,
  perform: () => Promise<DueResult>,
  giveUp: (reason: string) => Promise<DueResult>,
): Promise<DueResult> {
  try {
    return await perform()
  } catch (error) {
    if (isTransient(error)) throw error
    log.error({ error, org }, 'A requested run could not be started')
    return await giveUp('It could not be started; the log says why.')
  }
}
