import { accessSync, constants } from 'node:fs'
import { createServer } from 'node:net'
import { resolve } from 'node:path'
import { CannotStart, explainListen, orExplain } from './cannot-start.ts'
import type { Config } from './config.ts'

/** Notices a port that is taken and a project that cannot be read, before a database is made or migrated. Throws CannotStart. */
export async function checkBefore({ host, port, project }: Pick<Config, 'host' | 'port' | 'project'>): Promise<void> {
  if (project !== undefined) checkFolder(resolve(project))
  await orExplain(
    () => tryToListen(host, port),
    (error) => explainListen(error, host, port),
  )
}

function checkFolder(folder: string): void {
  try {
    accessSync(folder, constants.R_OK | constants.X_OK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const fault = code === 'ENOENT' ? `There is no folder ${folder}` : `The folder ${folder} cannot be read (${code})`
    throw new CannotStart(`${fault}: correct ORRERY_PROJECT (--project).`, { cause: error })
  }
}

function tryToListen(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ host, port }, () => server.close(() => resolve()))
  })
}
