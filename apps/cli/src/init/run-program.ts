import { type SpawnOptions, spawn } from 'node:child_process'

/**
 * Runs a program without input, and returns its exit code with what it wrote. Throws if it cannot be started; if the signal is aborted, the
 * signal's reason, once the program has ended.
 */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: Pick<SpawnOptions, 'cwd' | 'env' | 'shell'> & { readonly signal: AbortSignal },
): Promise<{ readonly status: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (text: string) => void (said[name] += text))
  const status = await new Promise<number | null>((resolve, reject) => {
    // An interruption is an error, too. The program has ended only when it has closed its streams.
    child.once('error', (error) => child.pid === undefined && reject(error))
    child.once('close', resolve)
  })
  options.signal.throwIfAborted()
  return { status, ...said }
}
