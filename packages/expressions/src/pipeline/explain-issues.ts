import { expandUnions } from '@orrery/contract'
import type { z } from 'zod'
import { pathTo } from '../template/render-value.ts'
import type { PipelineProblem } from './pipeline-problem.ts'

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

/** Turns zod's issues into problems with the id of their step and the path of the member. `raw` is the value that was parsed. */
export function explainIssues(issues: readonly Issue[], raw: unknown): PipelineProblem[] {
  return expandUnions(issues).flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => toProblem([...issue.path, key], 'There is no such member', raw))
      : [toProblem(issue.path, issue.message, raw)],
  )
}

function toProblem(path: Path, message: string, raw: unknown): PipelineProblem {
  let text = ''
  for (const part of path) text += typeof part === 'number' ? `[${part}]` : pathTo(String(part))
  return { severity: 'error', step: findStep(path, raw), path: text.replace(/^\./, ''), message }
}

/** The id of the innermost step on the path. The search ends at arguments, which may have a member `id` of their own. */
function findStep(path: Path, raw: unknown): string | null {
  let step: string | null = null
  let at: unknown = raw
  for (const part of path) {
    if (typeof at !== 'object' || at === null || part === 'with' || part === 'human') break
    at = (at as Record<PropertyKey, unknown>)[part]
    const id: unknown = typeof at === 'object' && at !== null && Object.hasOwn(at, 'id') ? (at as { id: unknown }).id : undefined
    if (typeof part === 'number' && typeof id === 'string') step = id
  }
  return step
}
