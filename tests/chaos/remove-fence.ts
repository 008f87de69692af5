import pg from 'pg'

const FENCE = ' and not fenced for key share'

/**
 * The negative control: every statement of this process loses the condition that a fenced worker writes nothing, and the lock that goes
 * with it. Changes the text on its way to the server, so that the engine needs no such switch.
 */
export function removeFence(): void {
  const prototype = pg.Client.prototype as unknown as { query: (config: unknown, ...rest: unknown[]) => unknown }
  const { query } = prototype
  prototype.query = function (config, ...rest) {
    return query.call(this, strip(config), ...rest)
  }
}

function strip(config: unknown): unknown {
  if (typeof config === 'string') return config.replaceAll(FENCE, '')
  if (typeof config !== 'object' || config === null || !('text' in config) || typeof config.text !== 'string') return config
  return config.text.includes(FENCE) ? { ...config, text: config.text.replaceAll(FENCE, '') } : config
}
