import type { BuiltBundle, DeployFinding } from '../../api.ts'
import type { LiveRow, OrgId, RunId } from '../../store/store.ts'
import type { LoadedBundle } from '../bundles/sandbox-cache.ts'
import { describeFailure, type ReplayParts, readRunHistory, replayBeside } from './query-run.ts'

const PAGE = 200
/** Runs that are read and replayed at once: most of the time of each is on the way to the database and to the sandbox. */
const TOGETHER = 8

/** Reports whether `built` could continue each live run of its workflows. Replays every run against it and changes nothing. */
export async function* checkDeploy(parts: ReplayParts, org: OrgId, built: BuiltBundle): AsyncIterable<DeployFinding> {
  const bundle = parts.sandboxes.open(org, built)
  try {
    for (const workflow of bundle.workflows.keys()) {
      let after: RunId | null = null
      for (;;) {
        const page: readonly LiveRow[] = await parts.store.liveRuns(org, workflow, after, PAGE)
        for (let from = 0; from < page.length; from += TOGETHER) {
          const findings = await Promise.all(page.slice(from, from + TOGETHER).map((live) => checkRun(parts, bundle, live)))
          for (const finding of findings) if (finding) yield finding
        }
        after = page.at(-1)?.run ?? null
        if (page.length < PAGE || after === null) break
      }
    }
  } finally {
    bundle.host.dispose()
  }
}

async function checkRun(parts: ReplayParts, bundle: LoadedBundle, live: LiveRow): Promise<DeployFinding | null> {
  const history = await readRunHistory(parts, live.org, live.run, live.base)
  if (history === null) return null
  const finding = { run: live.run, workflow: live.workflow }
  try {
    const reason = await replayBeside(parts, history, bundle, ({ replayed }) => (replayed.type === 'diverged' ? replayed.reason : null))
    return { ...finding, ok: reason === null, reason }
  } catch (error) {
    return { ...finding, ok: false, reason: describeFailure(error) }
  }
}
