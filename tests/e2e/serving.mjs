// What the scripts beside it share: packages of npm, servers, counting.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

let passed = 0
let failed = 0
const running = new Map()
process.on('exit', () => { for (const child of running.keys()) child.kill('SIGKILL') })

export const totals = () => {
  console.log(`${passed} passed, ${failed} failed`)
  process.exit(failed ? 1 : 0)
}

// Installs what is missing of packages ("name@version") and returns their folder; ends the script when that cannot be done.
export const npm = (...packages) => {
  const folder = process.env.CREMA_NPM || path.join(os.tmpdir(), `crema-npm-${process.getuid()}`)
  try {
    const missing = packages.filter(p => !fs.existsSync(path.join(folder, 'node_modules', p.split('@')[0])))
    fs.mkdirSync(folder, { recursive: true })
    if (missing.length) execFileSync('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--silent', ...missing], { stdio: 'ignore', timeout: 120000 })
  } catch {
    console.log(`${packages.join(', ')} cannot be had from npm: skipped`)
    totals()
  }
  return folder
}

// Starts an example on a port of its own; returns what it says first, its address.
export const serve = async (program, ...args) => (await serve_lines(1, program, ...args))[0]
export const serve_lines = async (lines, program, ...args) => {
  const child = spawn(program, ['0', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { out: '', err: '' }
  running.set(child, said)
  child.stderr.on('data', d => { said.err += d })
  const started = new Promise(resolve => child.stdout.on('data', d => {
    said.out += d
    if (said.out.split('\n').length > lines) resolve()
  }))
  const ended = once(child, 'exit').then(([code]) => { if (said.out.split('\n').length <= lines) throw new Error(`${program} ended with ${code}: ${said.err}`) })
  await Promise.race([started, ended])
  return said.out.split('\n').slice(0, lines)
}

// Ends all servers, each of which must end well and without complaints of sanitizers.
export const stop_all = async () => {
  for (const [child, said] of running) {
    running.delete(child)
    await test(`${path.basename(child.spawnfile)} ends with 0 on SIGTERM`, async () => {
      if (child.exitCode === null && !child.signalCode) {
        child.kill()
        await once(child, 'exit')
      }
      if (child.exitCode !== 0) throw new Error(`it ended with ${child.exitCode ?? child.signalCode}: ${said.err.slice(-2000)}`)
    })
  }
}

export const test = async (name, f, limit = 20000) => {
  let timer
  try {
    await Promise.race([f(), new Promise((_, reject) => { timer = setTimeout(() => reject(new Error('no end in time')), limit) })])
    passed++
  } catch (e) {
    failed++
    console.log(`FAILED: ${name}: ${String(e.stack || e).split('\n').slice(0, 12).join('\n    ')}`)
  }
  clearTimeout(timer)
}
