/** `npm run build`: JavaScript and declarations of every workspace into its `dist/`, in the order of their dependencies. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readWorkspaces, root, type Workspace } from './workspaces.ts'

const compiler = join(root, 'node_modules/ts7/bin/tsc')
const cache = join(root, 'node_modules/.cache/orrery-build')

for (const workspace of readWorkspaces()) build(workspace)

function build(workspace: Workspace): void {
  const dist = join(workspace.folder, 'dist')
  rmSync(dist, { recursive: true, force: true })
  const config = join(cache, `${workspace.name.replace('/', '-')}.json`)
  mkdirSync(cache, { recursive: true })
  writeFileSync(config, JSON.stringify(compilerConfig(workspace, dist)))
  const { status } = spawnSync(process.execPath, [compiler, '-p', config], { stdio: 'inherit' })
  if (status !== 0) throw new Error(`${workspace.name} does not build`)
  console.log(`built ${workspace.name}`)
}

function compilerConfig(workspace: Workspace, dist: string) {
  const src = join(workspace.folder, 'src')
  return {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      // The other workspaces are seen as a user will see them: by what they have built.
      customConditions: [],
      typeRoots: [join(root, 'node_modules/@types')],
      noEmit: false,
      declaration: true,
      rootDir: src,
      outDir: dist,
    },
    include: [src],
    exclude: ['test', 'fixture', 'suite', 'e2e', 'chaos', 'fuzz'].map((suffix) => `${src}/**/*.${suffix}.ts`),
  }
}
