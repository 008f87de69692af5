import { shown } from '../shown.ts'
import { below, lines, type Screen } from './screen.ts'

/** `ProjectNews` of the server, as far as it is shown. A newer server may send others. */
type News =
  | { readonly type: 'deployed'; readonly workflows: readonly string[]; readonly change: string | null }
  | { readonly type: 'doing'; readonly text: string }
  | { readonly type: 'empty' }
  | { readonly type: 'broken'; readonly message: string; readonly isKept: boolean }
  | { readonly type: 'unwatched' }
  | {
      readonly type: 'line'
      readonly level: 'debug' | 'info' | 'warn' | 'error'
      readonly runId: string
      readonly step: string | null
      readonly message: string
      readonly data: unknown
    }

/** Shows what happened to the project, and what its runs log. `nameOf`: the workflow of a run, as far as it is known. */
export function showNews(screen: Screen, news: unknown, nameOf: (runId: string) => string): void {
  const one = news as News
  switch (one.type) {
    case 'deployed': {
      const { workflows, change } = one
      const count = `${workflows.length} ${workflows.length === 1 ? 'workflow' : 'workflows'}`
      return screen.say('deployed', change === null ? `${count}: ${workflows.join(', ')}` : `${change} (${workflows.join(', ')})`)
    }
    case 'doing':
      return screen.say('waiting', `${one.text} …`)
    case 'empty':
      return screen.say('waiting', 'no workflows yet: write one in workflows/, and it is deployed when you save it')
    case 'broken': {
      const kept = one.isKept ? 'the previous version stays deployed' : 'nothing is deployed'
      return screen.say('broken', shown`the project does not build; ${kept}${below(one.message)}`)
    }
    case 'unwatched':
      return screen.say('warn', 'the project has too many folders; changes in some of them are not noticed')
    case 'line': {
      const data = one.data === null ? '' : ` ${JSON.stringify(one.data)}`
      const place = one.step === null ? '' : `${one.step}: `
      return screen.sayRun(one.level, { name: nameOf(one.runId), runId: one.runId }, shown`${place}${lines(one.message)}${data}`)
    }
  }
}
