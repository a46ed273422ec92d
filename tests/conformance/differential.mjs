// Random routers and random requests, answered by Express and by crema: what they answer and which handlers ran must agree.
//   node differential.mjs PEER [programs] [seed]         PEER: the program of routing_peer.cpp
// Express comes from npm, into $CREMA_NPM or a temporary folder; without it this says so and ends.
import { createRequire } from 'node:module'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import readline from 'node:readline'

const [peer, count = '500', seed = String(Date.now() % 1e9)] = process.argv.slice(2)
const folder = process.env.CREMA_NPM || path.join(os.tmpdir(), `crema-npm-${process.getuid()}`)
let express
try {
  if (!fs.existsSync(path.join(folder, 'node_modules/express'))) {
    fs.mkdirSync(folder, { recursive: true })
    execFileSync('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--silent', 'express@5'], { stdio: 'ignore', timeout: 120000 })
  }
  express = createRequire(folder + '/')('express')
} catch {
  console.log('express cannot be had from npm: skipped')
  console.log('0 passed, 0 failed')
  process.exit(0)
}

// ---- programs
let state = Number(seed) >>> 0
const random = () => { // mulberry32
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
const chance = p => random() < p
const among = list => list[Math.floor(random() * list.length)]
const times = (from, to, f) => Array.from({ length: from + Math.floor(random() * (to - from + 1)) }, f)

const routePaths = ['/', '/a', '/a/b', '/A', '/a/', '/b', '/:x', '/:x/:y', '/a/:x', '/:x/b', '/*r', '/a/*r', '{/:x}/b', '/a{/:x}', '/:x-:y', '/:x.:y', '/{:x}', '/a{/:x{/:y}}',
  '/a{/*r}', '/*r/b', '/:x/*r', '/*q/a/*r', '/:x{.:y}', '/a-:x', '/:x{-:y}/b', '/:"x y"', '/\\:x', '/a\\*', '/a//b', '//a', '/%C3%A9', '/a%20b', '{/a}{/b}', '/a{b}/{:x}']
const usePaths = ['/', '/', '/', '/a', '/b', '/A', '/a/', '/:x', '/:x/b', '/a/:y', '/:x/:y', '/*r', '/a{/:x}', '{/:y}', '/a{/*r}', '/*r/b', '/:x{.:y}', '/a-:x', '/:"x y"', '//a', '/a//b', '/%C3%A9', '{/a}{/b}', '/:x/']
const methods = ['get', 'get', 'get', 'post', 'put', 'head', 'options', 'delete', 'patch', 'all']
let ids = 0

function handler (kind) {
  const h = { id: kind[0] + ++ids, error: kind === 'handler' && chance(0.22), async: chance(0.3), steps: [] }
  if (h.async && chance(0.5)) h.steps.push({ do: 'wait' })
  if (chance(0.06)) h.steps.push({ do: 'url', to: among(['/b', '/a/b?z', '/', '/c/a', '/a', 'rel', '?x', '/a?']) })
  if (chance(0.08)) h.steps.push({ do: 'param', name: among(['x', 'y', 'n']), value: among(['1', 'set', 'a']) })
  const last = random()
  if (last < 0.50) h.steps.push({ do: 'next' })
  else if (last < 0.58) h.steps.push({ do: 'later' })
  else if (last < 0.66) h.steps.push({ do: 'next', error: among(['one', 'two']) })
  else if (last < 0.71) h.steps.push({ do: 'next', text: 'route' })
  else if (last < 0.75) h.steps.push({ do: 'next', text: 'router' })
  else if (last < 0.77) h.steps.push({ do: 'next', text: among(['', 'words']) })
  else if (last < 0.83) h.steps.push({ do: 'throw', error: among(['thrown', 'bad']) })
  else if (kind === 'param' && chance(0.8)) h.steps.push({ do: 'next' })
  else h.steps.push({ do: 'send', status: among([200, 200, 200, 201, 404, 503]) })
  if (h.steps.at(-1).do === 'next' && chance(0.3)) {
    if (h.async && chance(0.4)) h.steps.push({ do: 'wait' })
    h.steps.push({ do: 'log' })
  }
  return h
}
const paths = pool => chance(0.1) ? times(1, 3, () => among(pool)) : among(pool)

function router (depth) {
  const r = { options: { caseSensitive: chance(0.2), strict: chance(0.2), mergeParams: chance(0.3) }, layers: [] }
  r.layers = times(1, depth === 0 ? 9 : 6, () => {
    const kind = random()
    if (kind < 0.12) return { kind: 'param', name: among(['x', 'y', 'r']), handler: handler('param') }
    if (kind < 0.42) return { kind: 'use', path: paths(usePaths), handlers: times(1, 3, () => handler('handler')) }
    if (kind < 0.62 && depth < 3) return { kind: chance(0.3) ? 'app' : 'mount', path: paths(usePaths), router: router(depth + 1) }
    return { kind: 'route', path: paths(routePaths), entries: times(1, 4, () => ({ method: among(methods), handler: handler('handler') })) }
  })
  return r
}
function url () { // a target in absolute form has the scheme of the connection: another is 400 here, where Express takes its path
  const segment = () => among(['a', 'a', 'a', 'b', 'b', 'A', 'c', 'x-y', '1.2', 'a%20b', '%C3%A9', '%c3%a9', 'a%2Fb', '%41', 'a+b', 'a-b', '.', 'a.b', '%2e%2E', 'a;b', '*', ':x', 'a*', '%', chance(0.2) ? '%zz' : 'b', chance(0.2) ? '' : 'a'])
  const target = (chance(0.05) ? '//' : '/') + times(0, 4, segment).join('/') + (chance(0.15) ? '/' : '') + among(['', '', '', '', '?q=1', '?', '?/b', '??a', '?x=http://h/a'])
  return chance(0.04) ? among(['http://h.example', 'http://h.example:80', 'HTTP://h.example']) + target : target
}
function program (id) {
  ids = 0
  return { id, router: router(0), requests: times(3, 8, () => ({ method: among(['GET', 'GET', 'GET', 'POST', 'HEAD', 'OPTIONS', 'DELETE', 'PUT']), url: url() })) }
}

// ---- Express
console.error = () => {}
let log = []
const shown = params => JSON.stringify(Object.fromEntries(Object.entries(params ?? {}).map(([k, v]) => [k, Array.isArray(v) ? v.join('/') : v]).sort(([a], [b]) => a < b ? -1 : 1)))
const immediately = () => new Promise(resolve => setImmediate(resolve))
function step (s, h, req, res, next) {
  switch (s.do) {
    case 'url': req.url = s.to; break
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
function fill (r, spec) {
  for (const l of spec.layers) {
    switch (l.kind) {
      case 'param': r.param(l.name, (req, res, next, value, name) => {
        enter(l.handler, req, ` ${name}=${Array.isArray(value) ? value.join('/') : value}`)
        return run(l.handler, req, res, next)
      }); break
      case 'use': r.use(l.path, ...l.handlers.map(made)); break
      case 'mount': r.use(l.path, fill(express.Router(l.router.options), l.router)); break
      case 'app': r.use(l.path, fill(application(l.router.options), l.router)); break
      case 'route': { const route = r.route(l.path); for (const e of l.entries) route[e.method](made(e.handler)) }
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
  const req = http.request({ port, host: '127.0.0.1', method: r.method, path: r.url, agent }).end()
  const [res] = await once(req, 'response')
  let body = ''
  for await (const piece of res) body += piece
  for (let i = 0; i < 6; ++i) await immediately() // what still runs
  return { status: res.statusCode, body, allow: res.headers.allow ?? null, log }
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

// ---- both
const programs = Array.from({ length: Number(count) }, (_, i) => program(i))
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
let passed = 0
let failed = 0
programs.forEach((p, i) => {
  const differs = theirs[i] ? p.requests.findIndex((_, k) => JSON.stringify(ours[i][k]) !== JSON.stringify(theirs[i][k])) : 0
  if (differs < 0) { ++passed; return }
  if (++failed > 3) return
  const r = p.requests[differs]
  console.log(`FAILED: program ${i} of seed ${seed}: ${r.method} ${r.url}`)
  console.log(`  Express ${JSON.stringify(ours[i][differs], null, 1).replaceAll('\n', '\n    ')}`)
  console.log(`  crema   ${JSON.stringify(theirs[i]?.[differs] ?? null, null, 1).replaceAll('\n', '\n    ')}`)
  if (process.env.VERBOSE) console.log(JSON.stringify(p.router, null, 1))
})
console.log(`seed ${seed}`)
console.log(`${passed} passed, ${failed} failed`)
