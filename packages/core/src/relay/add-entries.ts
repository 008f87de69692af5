import type { ConsumedEvent } from '@orrery/kernel'

/**
 * Adds entries to one stream, in order, and stops at the first that fails: Redis only accepts ids greater than the last one, so after later
 * entries the failed one could never be added. Redis refuses an entry as "equal or smaller" if it was already added before a crash; then
 * the last entry of the stream is one of these, or comes after all of them. If it is not one of these, no entry is added, and the caller
 * finds out whose entry it is. KEYS: the stream. ARGV: its length, and five values per entry. Returns the id that the last entry had, if
 * some entries were refused.
 */
const SCRIPT = `local last = false
for at = 2, #ARGV, 5 do
  local reply = redis.pcall('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], ARGV[at],
    'id', ARGV[at], 'type', ARGV[at + 1], 'subject', ARGV[at + 2], 'at', ARGV[at + 3], 'data', ARGV[at + 4])
  if type(reply) == 'table' and reply.err then
    if not string.find(reply.err, 'equal or smaller', 1, true) then return reply end
    if not last then
      local info = redis.call('XINFO', 'STREAM', KEYS[1])
      for at = 1, #info, 2 do
        if info[at] == 'last-generated-id' then last = info[at + 1] end
      end
      local is_here = false
      for at = 2, #ARGV, 5 do is_here = is_here or ARGV[at] == last end
      if not is_here then return last end
    end
  end
end
return last`

/** The command that adds events to a stream. The id of an entry is that of its event, its position in the log, so ids increase. */
export function addEntries(stream: string, lengthMax: number, events: readonly ConsumedEvent[]): string[] {
  const words = events.flatMap(({ event }) => [event.id, event.type, event.subject, event.at, JSON.stringify(event.data)])
  return ['EVAL', SCRIPT, '1', stream, String(lengthMax), ...words]
}

/** The id that the stream's last entry had, if Redis refused some of the events; else null. */
export function readLastId(answer: unknown): string | null {
  return typeof answer === 'string' ? answer : null
}
