#!/usr/bin/env node
// Plain JavaScript, so that a Node version too old for Orrery can still parse this file and start a newer Node.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const source = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const built = new URL('../dist/main.js', import.meta.url)
// A checkout runs the source; a published package has only `dist`.
const inCheckout = existsSync(source)

const [major, minor] = process.versions.node.split('.').map(Number)
const recent = major > 22 || (major === 22 && minor >= 18)

if (recent && !inCheckout) await import(built.href)
else await handOver(recent ? process.execPath : findNode())

function findNode() {
  for (const place of [import.meta.url, pathToFileURL(join(process.cwd(), 'package.json'))]) {
    try {
      const file = join(createRequire(place).resolve('node/package.json'), '../bin/node')
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
  const args = inCheckout ? ['--conditions=orrery-source', source] : [fileURLToPath(built)]
  const child = spawn(node, [...args, ...process.argv.slice(2)], { stdio: 'inherit' })
  // A terminal sends SIGINT to both processes. Signals sent only to this process are forwarded.
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  process.on('SIGINT', () => {})
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)))
}
