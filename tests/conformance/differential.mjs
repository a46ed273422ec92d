// Random routers and random requests, answered by Express and by crema: what they answer and which handlers ran must agree.
//   node differential.mjs PEER [programs] [seed] [-v]    PEER: the program of routing_peer.cpp; -v: what the programs are made of
// Of programs that differ the first three are shown, made as small as they go by leaving out one thing after the other.
// Express comes from npm, into $CREMA_NPM or a temporary folder; without it this says so and ends.
import { createRequire } from 'node:module'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import readline from 'node:readline'
import { features, generator } from './differential_programs.mjs'

const [peer, count = '600', seed = '1'] = process.argv.slice(2).filter(a => a !== '-v')
const verbose = process.argv.includes('-v')
const folder = process.env.CREMA_NPM || path.join(os.tmpdir(), `crema-npm-${process.getuid()}`)
let express
let patterns
try {
  if (!fs.existsSync(path.join(folder, 'node_modules/express'))) {
    fs.mkdirSync(folder, { recursive: true })
    execFileSync('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--silent', 'express@5'], { stdio: 'ignore', timeout: 120000 })
  }
  const ofFolder = createRequire(folder + '/')
  express = ofFolder('express')
  patterns = createRequire(createRequire(ofFolder.resolve('express')).resolve('router'))('path-to-regexp')
} catch {
  console.log('express cannot be had from npm: skipped')
  console.log('0 passed, 0 failed')
  process.exit(0)
}

// ---- Express
console.error = () => {}
let log = []
const shown = params => JSON.stringify(Object.fromEntries(Object.entries(params ?? {}).map(([k, v]) => [k, Array.isArray(v) ? v.join('/') : v]).sort(([a], [b]) => a < b ? -1 : 1)))
const immediately = () => new Promise(resolve => setImmediate(resolve))
function step (s, h, req, res, next) {
  switch (s.do) {
    case 'url': req.url = s.to; break
    case 'method': req.method = s.to; break
    case 'param': req.params[s.name] = s.value; break
    case 'log': log.push(`${h.id} after`); break
    case 'later': setImmediate(() => { log.push(`${h.id} later`); next() }); break
    case 'throw': throw new Error(s.error)
    case 'next': if (s.error) next(new Error(s.error)); else if ('text' in s) next(s.text); else next(); break
    case 'send': if (res.headersSent) log.push(`${h.id} too late`); else res.status(s.status).send(h.id)
  }
}
function run (h, req, res, next) {
  if (!h.async) { for (const s of h.steps) step(s, h, req, res, next); return }
  return (async () => { for (const s of h.steps) if (s.do === 'wait') await immediately(); else step(s, h, req, res, next) })()
}
const enter = (h, req, more = '') => log.push(`${h.id} ${req.baseUrl} ${req.url} ${shown(req.params)}${more}`)
function made (h) {
  if (h.error) return (err, req, res, next) => { enter(h, req, ` ${err.message ?? err}`); return run(h, req, res, next) }
  return (req, res, next) => { enter(h, req); return run(h, req, res, next) }
}
const pathOf = path => Array.isArray(path) ? path.map(pathOf) : path.regexp ? new RegExp(path.regexp) : path
function fill (r, spec) {
  for (const l of spec.layers) {
    switch (l.kind) {
      case 'param': r.param(l.name, (req, res, next, value, name) => {
        enter(l.handler, req, ` ${name}=${Array.isArray(value) ? value.join('/') : value}`)
        return run(l.handler, req, res, next)
      }); break
      case 'use': r.use(pathOf(l.path), ...l.handlers.map(made)); break
      case 'mount': r.use(pathOf(l.path), fill(express.Router(l.router.options), l.router)); break
      case 'app': r.use(pathOf(l.path), fill(application(l.router.options), l.router)); break
      case 'route': { const route = r.route(pathOf(l.path)); for (const e of l.entries) route[e.method](...[e.handler, e.second ?? []].flat().map(made)) }
    }
  }
  return r
}
function application (options) {
  const app = express()
  app.set('env', 'production')
  if (options.caseSensitive) app.enable('case sensitive routing')
  if (options.strict) app.enable('strict routing')
  return app
}
async function ask (port, agent, r) {
  log = []
  try {
    const req = http.request({ port, host: '127.0.0.1', method: r.method, path: r.url, agent, signal: AbortSignal.timeout(5000) }).end()
    const [res] = await once(req, 'response')
    let body = ''
    for await (const piece of res) body += piece
    for (let i = 0; i < 6; ++i) await immediately() // what still runs
    return { status: res.statusCode, body, allow: res.headers.allow ?? null, log }
  } catch (e) {
    return { failure: e.message, log }
  }
}
async function answers (p) {
  const server = http.createServer(fill(application(p.router.options), p.router)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  const all = []
  for (const r of p.requests) all.push(await ask(server.address().port, agent, r))
  agent.destroy()
  server.close()
  return all
}

// ---- differences
function answersOfPeer (p) {
  try { return JSON.parse(spawnSync(peer, { input: JSON.stringify(p) + '\n', encoding: 'utf8', timeout: 5000 }).stdout) } catch { return [] } // it has crashed, or hangs
}
// Finds the first request that is answered otherwise, and what of its answer differs.
function difference (p, express, crema) {
  for (let at = 0; at < p.requests.length; ++at)
    for (const of of ['failure', 'status', 'body', 'allow', 'log'])
      if (JSON.stringify(express[at][of]) !== JSON.stringify(crema[at]?.[of])) return { at, of, express: express[at], crema: crema[at] ?? null }
}
const compared = async p => difference(p, await answers(p), answersOfPeer(p))

// Every program that has one thing less. What a list must keep: one handler, one path, and of steps the one that ends them.
function * smaller (p) {
  const objects = function * (o) {
    yield o
    for (const v of Object.values(o)) if (v && typeof v === 'object') yield * objects(v)
  }
  for (const o of objects(p))
    for (const [name, v] of Object.entries(o)) {
      const can = one => name === 'layers' || (name === 'steps' ? ['wait', 'url', 'method', 'param', 'log'].includes(one.do) : v.length > 1)
      const less = v === true ? [false] : Array.isArray(v) ? v.flatMap((one, i) => can(one) ? [v.filter((_, k) => k !== i)] : []) : []
      for (o[name] of less) yield structuredClone(p)
      o[name] = v
    }
}
async function smallest (p) {
  const until = Date.now() + 30000
  let kept = await compared(p)
  for (let going = Boolean(kept); going;) {
    going = false
    for (const less of smaller(p)) {
      const d = await compared(less)
      if (Date.now() > until) return { p, d: kept }
      if (d?.of !== kept.of) continue
      p = less
      kept = d
      going = true
      break
    }
  }
  return { p, d: kept }
}
function shownHandler (h) {
  const steps = h.steps.map(({ do: what, error, ...more }) => [what, ...Object.values(more).map(v => JSON.stringify(v)), error ? `Error ${error}` : ''].join(' ').trim())
  return `${h.error ? 'error handler ' : ''}${h.id}: ${h.async ? 'async ' : ''}${steps.join(', ')}`
}
function shownRouter (r, indent) {
  const on = Object.keys(r.options).filter(name => r.options[name]).join(' ')
  return (on && `  {${on}}`) + r.layers.map(l => `\n${indent}${l.kind} ${JSON.stringify(l.path ?? l.name)}` + (l.router
    ? shownRouter(l.router, indent + '  ')
    : [l.handler, ...l.handlers ?? []].filter(Boolean).map(h => `\n${indent}  ${shownHandler(h)}`).join('') + (l.entries ?? []).map(e => `\n${indent}  ${e.method} ${shownHandler(e.handler)}${e.second ? ', ' + shownHandler(e.second) : ''}`).join(''))).join('')
}
async function show (id, whole, first) {
  const { p, d } = await smallest(structuredClone({ ...whole, requests: [whole.requests[first.at]] }))
  const alone = d ? p : whole
  const { at, of, express, crema } = d ?? first
  console.log(`FAILED: program ${id} of seed ${seed}: ${of} of ${alone.requests[at].method} ${alone.requests[at].url}${d ? '' : ', not when asked alone'}`)
  console.log(`  app${shownRouter(alone.router, '    ')}`)
  console.log(`  Express ${JSON.stringify(express, null, 1).replaceAll('\n', '\n    ')}`)
  console.log(`  crema   ${JSON.stringify(crema, null, 1).replaceAll('\n', '\n    ')}`)
  if (verbose) console.log(JSON.stringify(alone))
}

// ---- both
const isPattern = text => { try { return Boolean(patterns.pathToRegexp(text)) } catch { return false } }
const programs = Array.from({ length: Number(count) }, (_, i) => i).map(generator(seed, patterns.parse, isPattern))
const child = spawn(peer, { stdio: ['pipe', 'pipe', 'ignore'] })
child.stdin.on('error', () => {})
const theirs = []
readline.createInterface({ input: child.stdout }).on('line', line => theirs.push(JSON.parse(line)))
for (const p of programs) child.stdin.write(JSON.stringify(p) + '\n')
child.stdin.end()
const ended = once(child, 'close')
const ours = []
for (const p of programs) ours.push(await answers(p))
await ended
let failed = 0
const mix = {}
for (const [i, p] of programs.entries()) {
  for (const name of features(p, ours[i])) mix[name] = (mix[name] ?? 0) + 1
  const d = difference(p, ours[i], theirs[i] ?? answersOfPeer(p))
  if (d && ++failed <= 3) await show(i, p, d)
}
if (verbose) console.log(`of ${programs.length} programs, in which a handler ran behind it, or which asked so, or were answered so:`)
if (verbose) for (const name of Object.keys(mix).sort()) console.log(`${String(mix[name]).padStart(5)} ${name}`)
console.log(`seed ${seed}`)
console.log(`${programs.length - failed} passed, ${failed} failed`)
