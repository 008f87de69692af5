#!/usr/bin/env node
// Plain JavaScript, so that a Node version too old for Orrery can still parse this file and start a newer Node.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import * as module from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const source = new URL('../src/main.ts', import.meta.url)
const built = new URL('../dist/main.js', import.meta.url)
// A checkout runs the source; a published package has only `dist`.
const inCheckout = existsSync(source)

const [major, minor] = process.versions.node.split('.').map(Number)
const recent = major > 22 || (major === 22 && minor >= 18)

if (recent) await start()
else await handOver(findNode())

async function start() {
  // Keeps compiled code in `node_modules/.cache`, so that a command starts in a third of the time. Does nothing where it cannot write.
  const cache = inCheckout ? '../../../node_modules/.cache' : '../../../.cache'
  module.enableCompileCache(fileURLToPath(new URL(`${cache}/orrery-cli`, import.meta.url)))
  if (inCheckout) module.registerHooks({ resolve: resolveSource })
  await import(inCheckout ? source.href : built.href)
}

/** Like `--conditions=orrery-source`: packages of the checkout resolve to their source. */
function resolveSource(specifier, context, next) {
  return next(specifier, { ...context, conditions: [...context.conditions, 'orrery-source'] })
}

function findNode() {
  for (const place of [import.meta.url, pathToFileURL(join(process.cwd(), 'package.json'))]) {
    try {
      const file = join(module.createRequire(place).resolve('node/package.json'), '../bin/node')
      if (existsSync(file)) return file
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error
    }
  }
  process.stderr.write(
    `orrery needs Node 22.18 or newer, this is ${process.versions.node}. Install a newer Node, or run: npm install --save-dev node@24\n`,
  )
  process.exit(1)
}

async function handOver(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  // A terminal sends SIGINT to both processes. Signals sent only to this process are forwarded.
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  process.on('SIGINT', () => {})
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)))
}
