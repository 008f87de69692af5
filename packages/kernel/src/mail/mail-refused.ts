/** A mail server has refused the recipient for good (a reply 5xx, RFC 5321 section 4.2.1), so another attempt would change nothing. */
export class MailRefused extends Error {
  override readonly name = 'MailRefused'
}
