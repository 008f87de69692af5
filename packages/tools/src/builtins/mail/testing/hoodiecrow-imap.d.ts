/** Types for the parts that the tests use; the package has no types. */
declare module 'hoodiecrow-imap' {
  import type { Server } from 'node:net'

  interface ImapServer {
    readonly server: Server
    getMailbox(path: string): { readonly messages: readonly { readonly flags: readonly string[] }[] } | undefined
  }
  export default function createImapServer(options: object): ImapServer
}
