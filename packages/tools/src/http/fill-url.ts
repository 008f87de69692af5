import type { JsonObject } from '@orrery/contract'
import { ToolError } from '../port/tool-port.ts'
import { fillText } from './fill-template.ts'

/**
 * Fills the placeholders of a URL. Each value is encoded as one path segment or one query value, so it cannot add parts to the URL. Dot
 * segments (RFC 3986, section 3.3) are rejected, because they would move the path up.
 * @throws ToolError `InvalidArguments`
 */
export function fillUrl(template: string, args: JsonObject): URL {
  const filled = fillText(template, args, encodeValue)
  if (filled === undefined) throw new ToolError('InvalidArguments', 'An argument that the URL needs is missing', { isRetryable: false })
  const url = URL.parse(filled)
  // The shape of a definition allows placeholders only after the host.
  if (url === null || url.origin !== URL.parse(template)?.origin) {
    throw new ToolError('InvalidArguments', 'The arguments make the URL invalid', { isRetryable: false })
  }
  return url
}

export function encodeValue(value: string): string {
  if (value === '' || /^\.{1,2}$/.test(value)) {
    throw new ToolError('InvalidArguments', 'An argument in the URL may not be empty, "." or ".."', { isRetryable: false })
  }
  // encodeURIComponent throws for a lone surrogate.
  return encodeURIComponent(value.toWellFormed())
}
