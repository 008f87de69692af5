import { findZone, formatIso } from '@orrery/recurrence'
import { type BuiltIn, ToolError } from '../../port/tool-port.ts'

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const

/** The time as the database has it, so that every server says the same. */
export const timeNow: BuiltIn = {
  name: 'time.now',
  description: 'The current time, on the clock of a time zone.',
  inputSchema: {
    type: 'object',
    properties: {
      timezone: { type: 'string', minLength: 1, maxLength: 64, default: 'UTC', description: 'An IANA name, such as Europe/Berlin.' },
    },
    additionalProperties: false,
  },
  outputSchema: {
    type: 'object',
    properties: {
      utc: { type: 'string', format: 'date-time' },
      local: { type: 'string', format: 'date-time', description: 'The same moment, with the offset of the zone.' },
      date: { type: 'string', format: 'date' },
      time: { type: 'string', description: 'Hours, minutes and seconds, such as 07:30:00.' },
      weekday: { enum: [...WEEKDAYS] },
      timezone: { type: 'string' },
      epoch_ms: { type: 'integer' },
    },
    required: ['utc', 'local', 'date', 'time', 'weekday', 'timezone', 'epoch_ms'],
    additionalProperties: false,
  },
  scopes: [],
  costTier: 'free',
  timeoutMs: 1_000,
  examples: [
    {
      with: { timezone: 'America/New_York' },
      gives: {
        utc: '2026-11-05T12:30:00.000Z',
        local: '2026-11-05T07:30:00-05:00',
        date: '2026-11-05',
        time: '07:30:00',
        weekday: 'Thursday',
        timezone: 'America/New_York',
        epoch_ms: 1_793_881_800_000,
      },
    },
  ],

  async call({ timezone = 'UTC' }, { ctx }) {
    const zone = findZone(String(timezone))
    if (zone === undefined) {
      throw new ToolError('InvalidTimezone', `There is no time zone ${JSON.stringify(timezone)}`, { isRetryable: false })
    }
    const ms = Math.floor(ctx.clock.now())
    const local = formatIso(zone, ms)
    const [date = '', time = ''] = local.split('T')
    const weekday = WEEKDAYS[new Date(`${date}T00:00:00Z`).getUTCDay()] ?? ''
    const utc = new Date(ms).toISOString()
    return { output: { utc, local, date, time: time.slice(0, 8), weekday, timezone: zone.name, epoch_ms: ms } }
  },
}
