import type { Json } from '@orrery/contract'
import type { Logger } from '../observe/logger.ts'

/** What happens to the project of this server, for a person who works on it. */
export type ProjectNews =
  | {
      readonly type: 'deployed'
      /** Names of its workflows. */
      readonly workflows: readonly string[]
      /** SHA-256 of the bundle. */
      readonly version: string
      /** What is different from the version before; null for the first one. */
      readonly change: string | null
    }
  /** What the start does now, for a person who waits. */
  | { readonly type: 'doing'; readonly text: string }
  /** The folder has no workflows in code. */
  | { readonly type: 'empty'; readonly folder: string }
  /** It does not build, or could not be deployed. `isKept`: the previous version stays deployed. */
  | { readonly type: 'broken'; readonly message: string; readonly isKept: boolean }
  /** The project has more folders than can be watched. */
  | { readonly type: 'unwatched' }
  | ({ readonly type: 'line' } & LogLine)

/** What a workflow or a step logged. */
export interface LogLine {
  /** ms since the epoch. */
  readonly at: number
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** `run_…` */
  readonly runId: string
  /** Null: the workflow itself. */
  readonly step: string | null
  readonly attempt: number
  readonly message: string
  readonly data: Json | null
}

export type TellNews = (news: ProjectNews) => void

/** For a server that no other program has started: news go to its log. What runs log is in the database. */
export function logNews(log: Logger): TellNews {
  return (news) => {
    switch (news.type) {
      case 'deployed':
        return log.info({ workflows: news.workflows, version: news.version.slice(0, 12) }, news.change ?? 'the project is deployed')
      case 'empty':
        return log.info({ folder: news.folder }, 'the project has no workflows in code')
      case 'broken': {
        const kept = news.isKept ? 'the previous version stays deployed' : 'nothing is deployed'
        return log.error({ error: { message: news.message } }, `the project does not build; ${kept}`)
      }
      case 'unwatched':
        return log.warn('the project has too many folders; changes in some of them are not noticed')
      case 'doing':
      case 'line':
        return
    }
  }
}
