const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** `5m ago`, `in 2h`; from two days on, date and time of this machine's zone: `2026-11-05 09:30`. */
export function formatWhen(iso: string, now: number): string {
  const at = Date.parse(iso)
  const distance = Math.abs(now - at)
  if (distance >= 2 * DAY_MS) return formatLocal(iso).slice(0, 16)
  if (distance < 1000) return 'now'
  const amount = formatDistance(distance)
  return at < now ? `${amount} ago` : `in ${amount}`
}

function formatDistance(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.floor(ms / 1000)}s`
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)}m`
  return `${Math.floor(ms / HOUR_MS)}h`
}

/** Date and time of this machine's zone: `2026-11-05 09:30:12`. */
export function formatLocal(iso: string): string {
  const at = new Date(iso)
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${formatClock(iso)}`
}

/** The time of day of this machine's zone: `09:30:12`. */
export function formatClock(iso: string): string {
  const at = new Date(iso)
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
}

const two = (value: number): string => String(value).padStart(2, '0')

/** How long something took: `340ms`, `23s`, `4m05s`, `2h07m`. */
export function formatElapsed(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`
  const seconds = Math.floor(ms / 1000)
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes}m${two(seconds % 60)}s` : `${Math.floor(minutes / 60)}h${two(minutes % 60)}m`
}
