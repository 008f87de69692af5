import type { z } from 'zod'
import { pathTo } from '../template/render-value.ts'
import type { PipelineProblem } from './pipeline-problem.ts'

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

/** Turns zod's issues into problems with the id of their step and the path of the member. `raw` is the value that was parsed. */
export function explainIssues(issues: readonly Issue[], raw: unknown): PipelineProblem[] {
  return issues.flatMap((issue) => explain(issue, [])).map(({ path, message }) => toProblem(path, message, raw))
}

interface PathMessage {
  readonly path: Path
  readonly message: string
}

function explain(issue: Issue, before: Path): PathMessage[] {
  const path = [...before, ...issue.path]
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...path, key], message: 'There is no such member' }))
    case 'invalid_union':
      return explainUnion(issue.errors, path)
    default:
      return [{ path, message: issue.message }]
  }
}

/** The author most likely meant a form that has no issue with the value itself, only with its members: explains the shortest of those. */
function explainUnion(forms: readonly (readonly Issue[])[], path: Path): PathMessage[] {
  const isOutside = ({ path: inner, code }: Issue) => inner.length === 0 && code !== 'unrecognized_keys'
  const meant = forms.filter((form) => !form.some(isOutside))
  const [first, ...others] = meant.length > 0 ? meant : forms
  if (meant.length > 0 && first !== undefined) {
    const shortest = others.reduce((best, form) => (form.length < best.length ? form : best), first)
    return shortest.flatMap((issue) => explain(issue, path))
  }
  const words = forms.flatMap((form) => form.filter(isOutside).flatMap((issue) => explain(issue, []).map(({ message }) => message)))
  return [{ path, message: [...new Set(words)].join(', or ') }]
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
