/**
 * Named places where a crash test kills its process: `ORRERY_FAILPOINT=flush.after:3` sends it SIGKILL when it passes `flush.after` for the
 * third time. Without that variable a call only compares a constant.
 */
export const FAILPOINTS = [
  'flush.before',
  'flush.after',
  'claim.after',
  'step.before',
  'step.after',
  'park.after',
  'register.after',
  'beat.before',
  'start.before',
  'start.after',
  'tx-step.before-commit',
  'tx-step.after-commit',
] as const

export type Failpoint = (typeof FAILPOINTS)[number]

interface Armed {
  readonly name: Failpoint
  left: number
}

const armed = readArmed(process.env.ORRERY_FAILPOINT)

export function failpoint(name: Failpoint): void {
  if (armed === null || armed.name !== name) return
  armed.left -= 1
  if (armed.left === 0) process.kill(process.pid, 'SIGKILL')
}

function readArmed(text: string | undefined): Armed | null {
  if (text === undefined || text === '') return null
  const [name, count] = text.split(':')
  const found = FAILPOINTS.find((each) => each === name)
  const left = Number(count ?? '1')
  if (found === undefined || !Number.isInteger(left) || left < 1) throw new Error(`ORRERY_FAILPOINT: "${text}" is not <failpoint>:<count>`)
  return { name: found, left }
}
