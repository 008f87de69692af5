/** Maps paths in an automation's definition to paths in the posted task. */
type Path = readonly (string | number)[]

const RENAMED: Readonly<Record<string, string>> = {
  name: 'title',
  concurrencyKey: 'concurrency_key',
  retry: 'max_retries',
}

/** @param given the members of the body */
export function translatePath(path: Path, given: ReadonlySet<string>): Path {
  const [member, ...rest] = path
  switch (member) {
    case 'pipeline':
      return given.has('pipeline') ? ['body', ...path] : ['body', 'payload', ...path]
    case 'params':
      return given.has('params') ? ['body', ...path] : ['body', 'payload', ...path]
    case 'triggers':
    case 'schedule':
      return ['body', given.has('schedule') && !given.has('schedule_expr') ? 'schedule' : 'schedule_expr']
    case 'dedupe':
      return ['body', rest[0] === 'window' ? 'dedupe_window_seconds' : 'dedupe_key']
    case undefined:
      return ['body']
    default:
      return ['body', RENAMED[member] ?? member, ...rest]
  }
}
