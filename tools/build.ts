/** `npm run build`: compiles every workspace to JavaScript and declarations in its `dist/`, in the order of their dependencies. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
      // Without the source condition, other workspaces resolve to their built files, as for a user.
      customConditions: [],
      typeRoots: [join(root, 'node_modules/@types')],
      noEmit: false,
      // A file outside `src` would be written outside `dist`.
      noEmitOnError: true,
      declaration: true,
      rootDir: src,
      outDir: dist,
    },
    include: [src],
    exclude: findTestFiles(src),
  }
}

/** Files that only tests load: by suffix, by folder, or because they import the test support. */
function findTestFiles(src: string): string[] {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const isTest = (file: string) =>
    /\.(test|suite|fixture|e2e|chaos|fuzz)\.ts$|(^|\/)(fixtures|[a-z-]+-suite)\//.test(file) ||
    readFileSync(join(src, file), 'utf8').includes('/tests/support/')
  return files.filter(isTest).map((file) => join(src, file))
}
