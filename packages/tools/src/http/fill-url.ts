import type { JsonObject } from '@orrery/contract'
import { ToolError } from '../port/tool-port.ts'
import { fillText } from './fill-template.ts'

/**
 * An address with its placeholders filled. Each value is encoded as one segment of a path or one value of a query, so that it cannot add
 * to the address, and none may be a dot segment (RFC 3986, section 3.3), which would lead out of its place.
 * @throws ToolError `InvalidArguments`
 */
export function fillUrl(template: string, args: JsonObject): URL {
  const filled = fillText(template, args, encodeValue)
  if (filled === undefined)
    throw new ToolError('InvalidArguments', 'An argument that the address needs was not given', { isRetryable: false })
  const url = URL.parse(filled)
  // The shape of a definition keeps placeholders behind the host.
  if (url === null || url.origin !== URL.parse(template)?.origin) {
    throw new ToolError('InvalidArguments', 'The arguments give an address that cannot be read', { isRetryable: false })
  }
  return url
}

export function encodeValue(value: string): string {
  if (value === '' || /^\.{1,2}$/.test(value)) {
    throw new ToolError('InvalidArguments', 'An argument in the address may not be empty, "." or ".."', { isRetryable: false })
  }
  // A lone surrogate has no encoding.
  return encodeURIComponent(value.toWellFormed())
}
