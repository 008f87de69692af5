/** How long a link of a mail is good. */
export const LINK_SECONDS = 10 * 60

export interface LoginLink {
  readonly email: string
  readonly token: string
  /** The path of the page to return to; null: none was asked for. */
  readonly next: string | null
}
