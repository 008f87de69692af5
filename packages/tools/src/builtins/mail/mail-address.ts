import { domainToASCII } from 'node:url'
import { ToolError } from '../../port/tool-port.ts'

export interface MailAddress {
  /** Display name, or an empty string. */
  readonly name: string
  /** `local@domain`, with the domain in ASCII. */
  readonly address: string
}

/**
 * The local part as HTML defines e-mail addresses. Quoted local parts are not supported: in practice they only serve to confuse parsers.
 */
const local = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}$/

/**
 * Reads exactly one address in one line: `ada@example.com` or `Ada Lovelace <ada@example.com>`. Later parsers cannot read it as several
 * addresses.
 * @throws ToolError (`InvalidAddress`)
 */
export function readMailAddress(text: string): MailAddress {
  const [, name = '', bracketed, bare] = /^\s*(?:([^<>]*?)\s*<([^<>]*)>|([^<>]*?))\s*$/.exec(text) ?? []
  const address = bracketed ?? bare ?? ''
  const at = address.lastIndexOf('@')
  const domain = domainToASCII(address.slice(at + 1))
  if (at < 1 || domain === '' || address.length > 254 || !local.test(address.slice(0, at)) || /\p{Cc}/u.test(text)) {
    throw new ToolError('InvalidAddress', `${JSON.stringify(text.slice(0, 100))} is not an e-mail address`, { isRetryable: false })
  }
  return { name: name.replace(/^"(.*)"$/, '$1'), address: `${address.slice(0, at)}@${domain}` }
}
