import { type FieldError, problem } from '@orrery/contract'
import type { Issue } from '@orrery/recurrence'

/** @param path of the schedule in the input. @param isShort the schedule was given as text, so that every error has the path of the text */
function toFieldErrors(issues: readonly Issue[], path: string, isShort: boolean): FieldError[] {
  return issues.slice(0, 50).map((issue) => ({
    path: isShort ? path : `${path}.${issue.path}`,
    message: issue.position === undefined ? issue.message : `${issue.message} (at character ${issue.position + 1})`,
  }))
}

/** @throws schedule.invalid with all errors, each at its path */
export function refuseSchedule(issues: readonly Issue[], path: string, isShort: boolean): never {
  const errors = toFieldErrors(issues, path, isShort)
  const [first] = errors
  throw problem('schedule.invalid', `${first?.path}: ${first?.message}${errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''}`, {
    errors,
  })
}
