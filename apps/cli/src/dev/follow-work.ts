import { createClient, type Event, ProblemError } from '@orrery/client'
import type { Io } from '../io.ts'
import { shown } from '../shown.ts'

/** Prints the events of runs and deploys until `signal` is aborted. */
export async function followWork(
  io: Io,
  connection: { readonly url: string; readonly key: string },
  signal: AbortSignal,
  say: (label: string, text: string) => void,
): Promise<void> {
  const client = createClient(connection)
  try {
    for await (const event of client.events.stream({ signal })) {
      const line = describeEvent(event)
      if (line !== null) say(event.at.slice(11, 19), line)
    }
  } catch (error) {
    if (signal.aborted) return
    if (!(error instanceof ProblemError)) throw error
    io.err(shown`cannot show events: ${error.message}\n`)
  }
}

/** One line for an event that a developer wants to see; null for any other. */
function describeEvent({ type, subject, data }: Event): string | null {
  const facts = typeof data === 'object' && data !== null && !Array.isArray(data) ? data : {}
  if (type === 'workflow.deployed') {
    const names = Array.isArray(facts.workflows) ? facts.workflows.join(', ') : ''
    return `deployed ${subject.slice(0, 12)} ${names}`.trim()
  }
  if (!type.startsWith('run.') || type === 'run.progress') return null
  const workflow = typeof facts.workflow === 'string' ? `${facts.workflow} ` : ''
  return `${workflow}${subject} ${type.slice(4).replaceAll('_', ' ')}`
}
