import type { ConsumedEvent } from '../events/consumer-place.ts'

/**
 * Adds entries to one stream, in order, and stops at the first that fails: were those behind it added, it could never be added any more, since
 * Redis takes no entry that is not behind the last one. An entry that is refused for that reason is there already, from before a crash.
 * KEYS: the stream. ARGV: its length, and five words for each entry. Gives how many were added, and the id of its last entry if not all were.
 */
const SCRIPT = `local added, count = 0, (#ARGV - 1) / 5
for at = 2, #ARGV, 5 do
  local reply = redis.pcall('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], ARGV[at],
    'id', ARGV[at], 'type', ARGV[at + 1], 'subject', ARGV[at + 2], 'at', ARGV[at + 3], 'data', ARGV[at + 4])
  if type(reply) == 'table' and reply.err then
    if not string.find(reply.err, 'equal or smaller', 1, true) then return reply end
  else
    added = added + 1
  end
end
if added == count then return { added } end
local info = redis.call('XINFO', 'STREAM', KEYS[1])
for at = 1, #info, 2 do
  if info[at] == 'last-generated-id' then return { added, info[at + 1] } end
end
return { added }`

/** The command that adds events to a stream. Each entry has the id of its event, which is its place in the log: later ones are larger. */
export function addEntries(stream: string, lengthMax: number, events: readonly ConsumedEvent[]): string[] {
  const words = events.flatMap(({ event }) => [event.id, event.type, event.subject, event.at, JSON.stringify(event.data)])
  return ['EVAL', SCRIPT, '1', stream, String(lengthMax), ...words]
}

/** The id of the stream's last entry, if some of the events were there already; else null. */
export function readLastId(answer: unknown): string | null {
  const last: unknown = Array.isArray(answer) ? answer[1] : undefined
  return typeof last === 'string' ? last : null
}
