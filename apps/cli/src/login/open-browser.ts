import { spawn } from 'node:child_process'
import { nonEmpty } from '../connection.ts'
import type { Io } from '../io.ts'

/** Opens an address in the browser of the person at this terminal. Does nothing where no person sits; a failure only means that they open it. */
export function openBrowser(io: Io, address: string): void {
  const isAtDesk = io.isTerminal && io.isInputTerminal && nonEmpty(io.env.SSH_CONNECTION) === undefined
  // Only addresses of the web: an opener starts programs for others.
  if (!isAtDesk || !URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) return
  const opener = openerOf(io)
  if (opener === null) return
  const [program, ...args] = opener
  const child = spawn(program, [...args, new URL(address).href], { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}

/** Without a shell, which would read signs in the address. */
function openerOf({ env }: Io): readonly [string, ...string[]] | null {
  if (process.platform === 'darwin') return ['open']
  if (process.platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler']
  return nonEmpty(env.DISPLAY) === undefined && nonEmpty(env.WAYLAND_DISPLAY) === undefined ? null : ['xdg-open']
}
