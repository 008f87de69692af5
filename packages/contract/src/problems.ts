/** Problems as they are sent: the members of RFC 9457, and Orrery’s own (`code`, `errors`, `requestId`). */
import { z } from 'zod'
import { PROBLEMS, type ProblemCode } from './problem-catalogue.ts'

export const fieldError = z.object({
  /** `input.items[3].name`; empty for the whole input. */
  path: z.string(),
  message: z.string(),
  expected: z.string().optional(),
  /** For a pipeline: the id of the step that has the mistake. */
  step: z.string().optional(),
})
export type FieldError = z.infer<typeof fieldError>

/** Unknown members are allowed: problems may have more of them (`permission`, `retryAfterMs`). */
export const problemShape = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  instance: z.string().optional(),
  code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
  errors: z.array(fieldError).optional(),
  requestId: z.string().optional(),
})
export type Problem = z.infer<typeof problemShape>

export interface ProblemExtra {
  readonly errors?: readonly FieldError[]
  readonly permission?: string
  readonly retryAfterMs?: number
  /** For `proof_required`: when the person last proved who they are. */
  readonly provedAt?: string
  /** For the log only; never leaves the process. */
  readonly cause?: unknown
}

/** The only error that a use case throws on purpose. Any other error is a bug and is shown as `internal`. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly code: ProblemCode
  readonly detail: string
  readonly extra: Omit<ProblemExtra, 'cause'>

  constructor(code: ProblemCode, detail: string, extra: ProblemExtra = {}) {
    const { cause, ...shown } = extra
    super(`${code}: ${detail}`, cause === undefined ? undefined : { cause })
    this.code = code
    this.detail = detail
    this.extra = shown
  }

  get status(): number {
    return PROBLEMS[this.code].status
  }

  /** @param instance path of the request, if there is one. */
  toProblem(requestId?: string, instance?: string): Problem {
    const { errors, ...rest } = this.extra
    return {
      type: problemType(this.code),
      title: PROBLEMS[this.code].title,
      status: this.status,
      detail: this.detail,
      ...(instance === undefined ? {} : { instance }),
      code: this.code,
      ...(errors === undefined ? {} : { errors: [...errors] }),
      ...rest,
      ...(requestId === undefined ? {} : { requestId }),
    }
  }
}

/** `throw problem('run.not_found', …)`. `detail` is a sentence for people about this particular failure. */
export function problem(code: ProblemCode, detail: string, extra?: ProblemExtra): ProblemError {
  return new ProblemError(code, detail, extra)
}

/** The `type` of RFC 9457: a path on this server, where the page of the problem is. */
export function problemType(code: ProblemCode): string {
  return `/docs/problems/${code}`
}

export type { ProblemCode }
