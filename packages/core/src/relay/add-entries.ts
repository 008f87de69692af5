import type { ConsumedEvent } from '@orrery/kernel'

/**
 * Adds entries to one stream, in order, and stops at the first that fails: were those behind it added, it could never be added any more, since
 * Redis takes no entry that is not behind the last one. An entry that is refused for that reason is there already, from before a crash; then the
 * stream's last entry is one of these, or is behind all of them. If it is not one of these, none is added: whose it is, the caller finds out.
 * KEYS: the stream. ARGV: its length, and five words for each entry. Gives the id that the last entry had, if some were refused.
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

/** The command that adds events to a stream. Each entry has the id of its event, which is its place in the log: later ones are larger. */
export function addEntries(stream: string, lengthMax: number, events: readonly ConsumedEvent[]): string[] {
  const words = events.flatMap(({ event }) => [event.id, event.type, event.subject, event.at, JSON.stringify(event.data)])
  return ['EVAL', SCRIPT, '1', stream, String(lengthMax), ...words]
}

/** The id that the stream's last entry had, if some of the events were refused; else null. */
export function readLastId(answer: unknown): string | null {
  return typeof answer === 'string' ? answer : null
}
