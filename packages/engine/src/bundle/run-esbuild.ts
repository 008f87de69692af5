import { type BuildOptions, type BuildResult, build, stop } from 'esbuild'

let builds = 0

/**
 * Builds, and ends the process of esbuild when no other build needs it: it would stay until this process ends, and wakes twice a second to
 * see whether it still exists.
 */
export async function runEsbuild<Options extends BuildOptions>(options: Options): Promise<BuildResult<Options>> {
  builds += 1
  try {
    return await build<Options>(options as Parameters<typeof build<Options>>[0])
  } finally {
    builds -= 1
    if (builds === 0) await stop()
  }
}
