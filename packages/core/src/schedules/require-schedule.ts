import { type FieldError, problem } from '@orrery/contract'
import { type CompiledSchedule, compileSchedule, type Issue, type Schedule, type ScheduleSources } from '@orrery/recurrence'

/** @param path of the schedule in the input. @param isShort the schedule was given as text, so that every error has the path of the text */
function toFieldErrors(issues: readonly Issue[], path: string, isShort: boolean): FieldError[] {
  return issues.slice(0, 50).map((issue) => ({
    path: isShort ? path : `${path}.${issue.path}`,
    message: issue.position === undefined ? issue.message : `${issue.message} (at character ${issue.position + 1})`,
  }))
}

/** Compiles a schedule. @throws schedule.invalid with all errors, each at its path */
export function requireSchedule(schedule: Schedule, sources: ScheduleSources, path: string, isShort: boolean): CompiledSchedule {
  const checked = compileSchedule(schedule, sources)
  if (checked.ok) return checked.value
  const errors = toFieldErrors(checked.issues, path, isShort)
  const [first] = errors
  throw problem('schedule.invalid', `${first?.path}: ${first?.message}${errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''}`, {
    errors,
  })
}
