// The programs of examples/migration, Express' and crema's side by side: both must answer each request alike.
//   node migration.mjs PROGRAM        PROGRAM: migration.cpp
// Express comes from npm, into $CREMA_NPM or a temporary folder; without it this says so and ends.
//
// Not compared: Date, Connection and Keep-Alive. X-Powered-By names the framework, and validators of what `send` and `json`
// send are each framework's own: both have to be there.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const [binary] = process.argv.slice(2)
const programs = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../examples/migration')
const folder = process.env.CREMA_NPM || path.join(os.tmpdir(), `crema-npm-${process.getuid()}`)
try {
  for (const name of ['express', 'cookie-parser']) {
    if (fs.existsSync(path.join(folder, 'node_modules', name))) continue
    fs.mkdirSync(folder, { recursive: true })
    execFileSync('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--silent', 'express@5', 'cookie-parser@1'], { stdio: 'ignore', timeout: 120000 })
  }
} catch {
  console.log('express cannot be had from npm: skipped')
  console.log('0 passed, 0 failed')
  process.exit(0)
}

// ---- what is asked: [method, target, fields, body]
const get = (target, fields = {}) => ['GET', target, fields]
const post = (target, type, body, method = 'POST') => [method, target, { 'Content-Type': type }, body]
const form = 'application/x-www-form-urlencoded'
const times = (from, to, f) => Array.from({ length: to - from }, (_, i) => f(from + i))
const signed = 's%3Aada.YZUYbTOfKIlUuqCVkFJyRoBsrwLnGdL2nG%2B1VIHWeP4'

const requests = {
  hello: [
    get('/'), get('/json'), get('/teapot'), get('/nothing'), get('/missing'), get('/missing?a=%3Cb%3E'), ['HEAD', '/', {}], ['HEAD', '/json', {}],
    ['POST', '/', {}, 'x'], ['OPTIONS', '/', {}], ['OPTIONS', '/missing', {}], ['DELETE', '/%3Cb%3E', {}], get('/JSON/'), get('//')
  ],
  routing: [
    get('/users/ada'), get('/users/grace'), get('/users/eve'), get('/users/%61da'), get('/users/%zz'), get('/users/a%20b'), get('/users/'),
    get('/flights/LHR-MUC'), get('/flights/LHR'), get('/docs'), get('/docs/'), get('/docs/7'), get('/docs/7/8'), get('/files/a/b%2Fc/d'),
    get('/files/a'), get('/files'), get('/files/'), get('/colour'), get('/color'), get('/COLOR'), get('/book'), ['POST', '/book', {}],
    ['DELETE', '/book', {}], ['PUT', '/book', {}], ['HEAD', '/book', {}], ['OPTIONS', '/book', {}], ['PATCH', '/any', {}], ['OPTIONS', '/any', {}],
    ['HEAD', '/any', {}], get('/search?q=a+b&q=c&x=%E4%BD%A0&y'), get('/search'), get('/search?__proto__=x&a[b]=c&=&&=d'), get('/search?a=%zz&b=1;c=2')
  ],
  middleware: [
    get('/'), get('/admin'), get('/admin', { 'X-Token': 'secret' }), get('/staff/x', { 'x-token': 'secret' }), get('/administrator'), get('/skip'),
    get('/throws'), get('/rejects'), get('/passes'), get('/unhandled'), get('/nothing'), ['POST', '/throws', {}, 'x'], ['HEAD', '/passes', {}]
  ],
  books: [
    get('/books'), get('/books/1'), get('/books/2'), get('/books/x'), post('/books', 'application/json', '{"title":"Émile","pages":5}'), get('/books/2'),
    post('/books', 'application/json', '{"title":"x"}'), post('/books', 'application/json', '{"title":1,"pages":2}'), post('/books', 'application/json', '{"title":'),
    post('/books', 'application/json', '"text"'), post('/books', 'application/json', ''), post('/books', 'text/plain', '{"title":"x","pages":1}'),
    post('/books', 'application/json; charset=latin1', '{}'), post('/books', 'application/json', JSON.stringify({ title: 'x'.repeat(1100), pages: 1 })),
    post('/books/1', 'application/json', '{"title":"New","pages":7}', 'PUT'), post('/books/9', 'application/json', '{"title":"New","pages":7}', 'PUT'),
    post('/books/1', 'application/json', '[]', 'PUT'), ['DELETE', '/books/1', {}], ['DELETE', '/books/1', {}], get('/books'), get('/books', { 'Accept': 'text/html' }),
    ['POST', '/books', { 'Content-Type': 'application/json', 'Content-Encoding': 'nonsense' }, '{}'], ['OPTIONS', '/books/1', {}]
  ],
  files: [
    get('/'), get('/hello.txt'), ['HEAD', '/hello.txt', {}], get('/empty.txt'), get('/data.json'), get('/noext'), get('/sub'), get('/sub/'), get('/bare'), get('/bare/'),
    get('/.hidden'), get('/missing'), get('/..%2f..%2fetc/passwd'), get('/../etc/passwd'), get('/%'), get('/%00'), get('/with%20space.txt'), get('/sub?x=1'), get('//sub'),
    ['POST', '/hello.txt', {}, 'x'], ['OPTIONS', '/hello.txt', {}],
    ...['bytes=0-4', 'bytes=5-', 'bytes=-3', 'bytes=99-', 'bytes=0-1,4-5', 'bytes=0-2,3-4', 'items=0-1', 'bytes=x', 'bytes=4-2', 'bytes=0-999'].map(Range => get('/hello.txt', { Range })),
    get('/hello.txt', { 'If-None-Match': '*' }), get('/hello.txt', { 'If-None-Match': '"x"' }), get('/hello.txt', { 'If-Modified-Since': 'Fri, 01 Jan 2038 00:00:00 GMT' }),
    get('/hello.txt', { 'If-Modified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT' }), get('/hello.txt', { 'If-Match': '"x"' }), get('/hello.txt', { 'If-Match': '*' }),
    get('/hello.txt', { 'If-Unmodified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT' }), get('/hello.txt', { Range: 'bytes=0-1', 'If-Range': '"x"' }),
    get('/hello.txt', { Range: 'bytes=0-1', 'If-Range': 'Fri, 01 Jan 2038 00:00:00 GMT' }), get('/hello.txt', { 'If-None-Match': '*', 'Cache-Control': 'no-cache' }),
    get('/assets/hello.txt'), get('/assets/hello'), get('/assets/about'), get('/assets/about.html'), get('/assets/none'), get('/assets'), get('/assets/'), get('/assets/sub'),
    get('/private/hello.txt'), get('/private/.hidden'), get('/private/missing'), get('/private/'), get('/private/sub'), ['POST', '/private/hello.txt', {}, 'x'], get('/private/%'),
    get('/private/%2e%2e/x')
  ],
  cookies: [
    get('/'), get('/', { Cookie: 'a=1; b=two%20words; c=j%3A%7B%22x%22%3A%5B1%5D%7D; a=2; d="quoted"; e' }), get('/', { Cookie: 'user=s%3Aada.nonsense; x=s%3A' }),
    get('/', { Cookie: 'user=' + signed }), get('/', { Cookie: 'bad=%zz; j=j:{bad; ok=1' }), get('/set'), get('/sign'), get('/clear'), get('/bad')
  ],
  negotiation: [
    ...['', 'text/html', 'application/json', 'text/*;q=0.5, application/json', 'image/png', '*/*', 'text/plain;q=0', 'application/json;q=0.1, text/html;q=0.2'].flatMap(Accept => {
      const fields = Accept ? { Accept } : {}
      return [get('/format', fields), get('/default', fields), get('/accepts', fields)]
    }),
    ...['de', 'fr-CH, fr;q=0.9, en;q=0.8', 'it', 'de;q=0, *', 'en-GB'].map(x => get('/language', { 'Accept-Language': x })), get('/language'),
    get('/accepts', { 'Accept-Encoding': 'gzip;q=0.5, br', 'Accept-Charset': 'iso-8859-1' }), get('/accepts', { 'Accept-Encoding': 'identity;q=0', 'Accept-Charset': 'x' }),
    post('/is', 'application/json', '{}'), post('/is', 'text/html; charset=utf-8', 'x'), post('/is', form, 'a'), post('/is', 'image/png', 'x'), ['POST', '/is', {}],
    get('/links'), get('/jsonp'), get('/jsonp?callback=f'), get('/jsonp?callback=f.g%5B0%5D%3Cx%3E'), get('/jsonp?callback=a&callback=b'), get('/fresh'),
    get('/fresh', { 'If-None-Match': '"v1"' }), get('/fresh', { 'If-None-Match': 'W/"v1", "v2"' }), get('/fresh', { 'If-None-Match': '"v2"' }), ['HEAD', '/fresh', { 'If-None-Match': '"v1"' }]
  ],
  mounting: [
    get('/users/ada'), get('/users/ada/'), get('/users/nobody'), get('/users/ada/notes'), get('/users/ada/notes/'), get('/users/ada/notes/7?x=1'), get('/users/ada/notes/7/8'),
    get('/users'), get('/admin'), get('/admin/'), get('/root'), get('/ADMIN'), get('/admin/who'), get('/admin/none'), get('/strict/Exact'), get('/strict/exact'), get('/strict/Exact/'),
    get('/STRICT/Exact'), ['OPTIONS', '/users/ada', {}], ['OPTIONS', '/admin/who', {}],
    get('/admin/who', { 'X-Forwarded-For': '9.9.9.9, 8.8.8.8', 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'a.b.example.com:8080' }),
    get('/admin/who', { Host: 'x.y.example.org' }), get('/admin/who', { Host: '[::1]:80' })
  ],
  download: [
    get('/show/hello.txt'), get('/show/missing.txt'), get('/show/.hidden'), get('/show/..%2Fx'), get('/show/sub'), get('/show/hello.txt', { Range: 'bytes=1-3' }), ['HEAD', '/show/hello.txt', {}],
    get('/part'), get('/part', { Range: 'bytes=1-2' }), get('/part', { Range: 'bytes=9-' }), get('/save/hello.txt'), get('/save/data.json'), get('/save/missing'), get('/save/hello.txt', { 'If-None-Match': '*' }),
    get('/told/hello.txt'), get('/told/missing'), get('/told/sub'), get('/told/.hidden'), get('/told/..%2Fx'), get('/told/hello.txt', { Range: 'bytes=99-' }), get('/told/hello.txt', { 'If-Match': '"x"' }),
    get('/attachment'), get('/show/%E4%BD%A0.txt')
  ],
  forms: [
    get('/'), post('/sign', form, 'name=Ada&text=hi+%3Cb%3E%26'), get('/'), post('/sign', form, 'name=Ada'), post('/sign', 'text/plain', 'name=a&text=b'), post('/sign', form, 'name=' + 'x'.repeat(1100)),
    ['POST', '/sign', {}], post('/sign', form, 'name=a&name=b&text=c'.replace('name=b&', '')), get('/'), get('/', { Accept: 'text/plain' }),
    post('/nested', form, 'a[b][c]=1&a[b][d]=2&e[]=3&e[]=4'), post('/nested', form, 'a[b][c][d][e]=1'), post('/nested', form, times(0, 7, i => `k${i}=1`).join('&')), post('/nested', form, 'a=%zz&b=%E4%BD%A0'),
    post('/nested', form, ''), post('/nested', form + '; charset=iso-8859-1', 'a=%FC'), post('/nested', form + '; charset=utf-16', 'a=1'), post('/nested', form, '__proto__[x]=1&a[2]=x&a[0]=y'),
    post('/text', 'text/plain', 'shout'), post('/text', 'text/plain; charset=iso-8859-1', 'plain'), post('/octets', 'application/octet-stream', '\x00\x01\xff'), get('/find?a[b]=1&c=2&c=3&d[]=4'),
    get('/old'), get('/old', { Accept: 'text/html' }), get('/old', { Accept: 'image/png' }), ['HEAD', '/old', { Accept: 'text/html' }]
  ]
}

// ---- both sides
const files = fs.mkdtempSync(path.join(os.tmpdir(), 'crema-migration-'))
for (const [name, text] of Object.entries({
  'index.html': '<!doctype html><p>index</p>\n', 'hello.txt': 'hello, files\n', 'empty.txt': '', 'data.json': '{"a":1}\n', noext: 'bare\n', '.hidden': 'secret\n',
  'about.html': '<p>about</p>\n', 'with space.txt': 'spaced\n', 'sub/index.html': '<p>sub</p>\n', 'bare/note.txt': 'note\n', '你.txt': 'you\n'
})) {
  fs.mkdirSync(path.dirname(path.join(files, name)), { recursive: true })
  fs.writeFileSync(path.join(files, name), text)
}
const env = { ...process.env, NODE_ENV: 'production', CREMA_ENV: '', FILES: files }
const running = new Set()
const start = async (command, args) => {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  child.stderr.on('data', () => {})
  let out = ''
  for await (const piece of child.stdout) {
    out += piece
    if (out.includes('\n')) break
  }
  const port = Number(out.trim())
  if (!port) throw new Error(`${command} ${args.join(' ')} does not listen`)
  return { child, port }
}
const stop = async ({ child }) => {
  running.delete(child)
  if (child.exitCode !== null || child.signalCode) return
  child.kill()
  await once(child, 'exit')
}
process.on('exit', () => { for (const child of running) child.kill('SIGKILL') })

const ask = (port, [method, target, fields, body]) => new Promise((resolve, reject) => {
  const octets = body === undefined ? undefined : Buffer.from(body, body.includes('\xff') ? 'latin1' : 'utf8')
  const request = http.request({ host: '127.0.0.1', port, method, path: target, agent: false, headers: { Host: 'example.com', ...fields, ...(octets ? { 'Content-Length': octets.length } : {}) } })
  request.on('response', response => {
    const pieces = []
    response.on('data', p => pieces.push(p)).on('end', () => {
      const all = []
      for (let i = 0; i < response.rawHeaders.length; i += 2) all.push([response.rawHeaders[i], response.rawHeaders[i + 1]])
      resolve({ status: response.statusCode, reason: response.statusMessage, fields: all, body: Buffer.concat(pieces).toString('latin1') })
    }).on('error', reject)
  })
  request.setTimeout(10000, () => request.destroy(new Error('no answer')))
  request.on('error', e => resolve({ failure: e.message }))
  request.end(octets)
})

const left_out = new Set(['date', 'connection', 'keep-alive'])
const comparable = answer => {
  if (answer.failure) return answer.failure
  const fields = answer.fields.filter(([name]) => !left_out.has(name.toLowerCase())).map(([name, value]) => {
    if (name === 'X-Powered-By') value = 'the framework'
    if (name === 'ETag' && !/^(W\/)?"[0-9a-f]+-[0-9a-f]{10,12}"$/.test(value)) value = value.startsWith('W/') ? 'weak' : value
    if (name === 'Set-Cookie') value = value.replace(/Expires=(?!Thu, 01 Jan 1970)[^;]*/, 'Expires=…')
    return `${name}: ${value}`
  }).sort()
  return [`${answer.status} ${answer.reason}`, ...fields, '', answer.body].join('\n')
}

let passed = 0
let failed = 0

// ---- the guide shows what the programs say
const squeeze = text => text.replace(/\s+/g, ' ').trim()
const sources = Object.keys(requests).flatMap(name => ['app.mjs', 'app.cpp'].map(file => squeeze(fs.readFileSync(path.join(programs, name, file), 'utf8'))))
const guide = fs.readFileSync(path.join(programs, '../../docs/migration.md'), 'utf8')
for (const [, code] of guide.matchAll(/```(?:js|cpp)\n([^]*?)```/g)) {
  if (sources.some(source => source.includes(squeeze(code)))) passed++
  else {
    failed++
    console.log('FAILED: docs/migration.md shows what no program has:\n' + code)
  }
}

// ---- the comparison
const built = execFileSync(binary, { encoding: 'utf8' }).trim().split('\n')
for (const [name, list] of Object.entries(requests)) {
  if (!built.includes(name)) {
    console.log(`${name} was not built: skipped`)
    continue
  }
  fs.mkdirSync(path.join(folder, 'migration'), { recursive: true })
  const copy = path.join(folder, 'migration', `${name}-${process.pid}.mjs`) // where its imports are found
  fs.copyFileSync(path.join(programs, name, 'app.mjs'), copy)
  const express = await start('node', [copy, '0'])
  fs.rmSync(copy)
  const crema = await start(binary, [name, '0'])
  for (const request of list) {
    const [theirs, ours] = [comparable(await ask(express.port, request)), comparable(await ask(crema.port, request))]
    if (theirs === ours) {
      passed++
      continue
    }
    failed++
    console.log(`FAILED: ${name}, ${JSON.stringify(request)}`)
    console.log('  Express:\n    ' + theirs.replaceAll('\n', '\n    '))
    console.log('  crema:\n    ' + ours.replaceAll('\n', '\n    '))
  }
  await stop(express)
  await stop(crema)
}
fs.rmSync(files, { recursive: true })
console.log(`${passed} passed, ${failed} failed`)
