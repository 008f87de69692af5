import { isAbsolute, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Client, type OutputOf, ProblemError, UnreachableError } from '@orrery/client'

type Failure = NonNullable<OutputOf<'runs.get'>['error']>

const PAGE_ROWS = 200
/** A run with a longer history is shown without a place. */
const PAGES_MAX = 10

/** Where in the project a run failed, such as `workflows/hello.ts:12`; null if its error has no place there. */
export async function findPlace(client: Client, runId: string, project: string): Promise<string | null> {
  try {
    const { error } = await client.runs.get({ runId })
    if (error === null) return null
    const step = stepOf(error)
    const cause = step === null ? error : await findStepFailure(client, runId, step)
    return placeOf(cause?.stack ?? '', project) ?? placeOf(error.stack ?? '', project)
  } catch (error) {
    // The line is shown without a place: the server is stopping, or the run is gone.
    if (error instanceof ProblemError || error instanceof UnreachableError) return null
    throw error
  }
}

/** The step whose failure ended the run. The failure of the run has the stack of the workflow, that of the step is in the history. */
function stepOf({ details }: Failure): string | null {
  const isNamed = typeof details === 'object' && details !== null && 'step' in details && typeof details.step === 'string'
  return isNamed ? (details.step as string) : null
}

async function findStepFailure(client: Client, runId: string, step: string): Promise<Failure | null> {
  let found: Failure | null = null
  let cursor: string | null | undefined
  for (let page = 0; page < PAGES_MAX && cursor !== null; page += 1) {
    const rows = await client.runs.history({ runId, limit: PAGE_ROWS, ...(cursor === undefined ? {} : { cursor }) })
    found = rows.items.findLast(({ name, error }) => name === step && error !== null)?.error ?? found
    cursor = rows.nextCursor
  }
  return found
}

/** The innermost frame of a stack that is in a file of the project. */
export function placeOf(stack: string, project: string): string | null {
  for (const [, file = '', line] of stack.matchAll(/^\s+at (?:.*[( ])?((?:file:\/\/|\/|[A-Za-z]:\\|[\w.-]+\/)[^\s()]*?):(\d+):\d+\)?$/gm)) {
    const path = file.startsWith('file://') ? fileURLToPath(file) : file
    const inside = isAbsolute(path) ? relative(project, path) : path
    if (!inside.startsWith('..') && !isAbsolute(inside) && !/(^|[\\/])(node_modules|\.orrery)[\\/]/.test(inside)) return `${inside}:${line}`
  }
  return null
}
