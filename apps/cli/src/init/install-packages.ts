import { runProgram } from './run-program.ts'

/** What a user configures by environment. Other variables of npm describe the package whose script started this process. */
const CONFIGURED = /^npm_config_(registry|cafile|cache|noproxy|proxy|https_proxy|strict_ssl|userconfig)$/i

/** Runs npm install. Throws with a sentence that says why it failed, or with the reason of the signal, which ends npm. */
export async function installPackages(
  folder: string,
  signal: AbortSignal,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<void> {
  const kept = Object.entries(env).filter(([name]) => CONFIGURED.test(name) || !(/^npm_/i.test(name) || name === 'INIT_CWD'))
  // npm's own pauses between attempts are 10 s and 60 s, for each package.
  const quick = ['--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000']
  const { status, stderr } = await runProgram(
    'npm',
    ['install', '--no-audit', '--no-fund', '--loglevel=error', '--no-progress', ...quick],
    {
      cwd: folder,
      // Certificates of the system count too, as those of a company's proxy.
      env: { NODE_USE_SYSTEM_CA: '1', ...Object.fromEntries(kept) },
      shell: process.platform === 'win32',
      signal,
    },
  )
  if (status !== 0) throw new Error(`${describe(stderr)}\n${sayWhatIsLeft(folder)}`)
}

/** What to do after an installation that did not succeed. */
export const sayWhatIsLeft = (folder: string): string => `The project files are complete: run npm install in ${folder}`

/** npm reports a fault of the network with a stack of its own code. */
function describe(said: string): string {
  const [, address, reason] = /request to (\S+) failed, reason: (.*)/.exec(said) ?? []
  if (address === undefined) return `npm install failed\n${said.trim()}`
  return `npm install failed: npm cannot reach ${new URL(address).origin}: ${reason}. Check the network, the proxy and \`npm config get registry\`.`
}
