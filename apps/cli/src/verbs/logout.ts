import { rmSync } from 'node:fs'
import type { Command } from 'commander'
import { readStored, userFile } from '../connection.ts'
import { type Io, UsageError } from '../io.ts'
import { endLogin } from '../login/end-login.ts'
import { asTyped } from '../output/as-typed.ts'
import { shown } from '../shown.ts'

export function addLogout(root: Command, io: Io): void {
  root
    .command('logout')
    .summary('End the login of this user, and remove what is stored')
    .description(
      'Ends the login that `orrery login` made, and removes its file. A key that was stored is removed, but stays valid: revoke it.',
    )
    .action(async () => {
      const file = userFile(io)
      const stored = readStored(file)
      if (stored === null) throw new UsageError('there is no login: "orrery login" makes one')
      const { url, key, isLogin } = stored
      const isEnded = isLogin && key !== null && (await endLogin(url.replace(/\/+$/, ''), key, io.signal))
      rmSync(file, { force: true })
      if (isEnded) return io.out(shown`logged out at ${url}\n`)
      io.out(shown`removed ${file}\n`)
      const hint = isLogin
        ? `${url} did not end the login: it ends by itself, 90 days after it began, or on the account page there`
        : `the key is still valid at ${url}: revoke it with "orrery keys revoke", if it is not needed elsewhere`
      io.err(shown`${asTyped(io, hint)}\n`)
    })
}
