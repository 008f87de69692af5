import type { BuiltBundle, DeployFinding } from '../../api.ts'
import type { LiveRow, OrgId, RunId } from '../../store/store.ts'
import type { LoadedBundle } from '../bundles/sandbox-cache.ts'
import { forgetReplay, type ReplayParts, readRunHistory, replayInOwnSandbox } from './query-run.ts'

const PAGE = 200

/** Reports whether `built` could continue each live run of its workflows. Replays every run against it and changes nothing. */
export async function* checkDeploy(parts: ReplayParts, org: OrgId, built: BuiltBundle): AsyncIterable<DeployFinding> {
  const bundle = parts.sandboxes.open(org, built)
  try {
    for (const workflow of bundle.workflows.keys()) {
      let after: RunId | null = null
      for (;;) {
        const page: readonly LiveRow[] = await parts.store.liveRuns(org, workflow, after, PAGE)
        for (const live of page) {
          const finding = await checkRun(parts, bundle, live)
          if (finding) yield finding
        }
        after = page.at(-1)?.run ?? null
        if (page.length < PAGE || after === null) break
      }
    }
  } finally {
    bundle.sandbox.dispose()
  }
}

async function checkRun(parts: ReplayParts, bundle: LoadedBundle, live: LiveRow): Promise<DeployFinding | null> {
  const history = await readRunHistory(parts, live.org, live.run, live.base)
  if (history === null) return null
  const { run, replayed } = replayInOwnSandbox(parts, history, bundle)
  forgetReplay(run)
  const diverged = replayed.type === 'diverged' ? replayed.reason : null
  return { run: live.run, workflow: live.workflow, ok: diverged === null, reason: diverged }
}
