// Clients that Node's world uses, against the examples: undici and supertest, as their users have them.
//   node clients.mjs FOLDER        FOLDER: where the examples were built
// They come from npm, into $CREMA_NPM or a temporary folder; without them this says so and ends.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import http from 'node:http'
import { createRequire } from 'node:module'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import zlib from 'node:zlib'
import { npm, serve, stop_all, test, totals } from './serving.mjs'

const [examples] = process.argv.slice(2)
const folder = npm('undici@6', 'supertest@7')
const need = createRequire(folder + '/')
const undici = need('undici')
const supertest = need('supertest')
const at = {}
for (const name of ['reference_app', 'production', 'accounts', 'error_handling']) {
  at[name] = fs.existsSync(path.join(examples, name)) ? await serve(path.join(examples, name)) : null
  if (!at[name]) console.log(`${name} was not built: skipped`)
}
const many = (n, f) => Array.from({ length: n }, (_, i) => f(i))
const fields_of = async (origin, options) => {
  const answer = await undici.request(origin, options)
  return { status: answer.statusCode, headers: answer.headers, body: Buffer.from(await answer.body.arrayBuffer()) }
}

if (at.reference_app) {
  const base = at.reference_app
  const api = supertest(base)

  await test('undici keeps one connection for what comes one after the other', async () => {
    let connections = 0
    const client = new undici.Client(base)
    client.on('connect', () => connections++)
    for (let i = 0; i < 20; i++) {
      const { statusCode, body } = await client.request({ path: `/user/${i}`, method: 'GET' })
      assert.equal(statusCode, 200)
      assert.equal((await body.json()).id, String(i))
    }
    assert.equal(connections, 1)
    await client.close()
  })
  await test('undici pipelines ten at a time, answers come in order', async () => {
    let connections = 0
    const client = new undici.Client(base, { pipelining: 10 })
    client.on('connect', () => connections++)
    const order = []
    await Promise.all(many(200, async i => {
      const { body } = await client.request({ path: i % 7 ? `/user/${i}` : `/slow?ms=2&i=${i}`, method: 'GET' })
      order.push(i)
      assert.equal(await body.text(), i % 7 ? `{"id":"${i}","query":{}}` : 'slow')
    }))
    assert.deepEqual(order, many(200, i => i))
    assert.equal(connections, 1)
    await client.close()
  })
  await test('undici pipelines bodies behind each other', async () => {
    const client = new undici.Client(base, { pipelining: 10 })
    const all = await Promise.all(many(50, i => client.request({ path: '/json', method: 'POST', idempotent: true, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ i, x: 'é'.repeat(i) }) }).then(r => r.body.json())))
    assert.deepEqual(all.map(x => x.i), many(50, i => i))
    await client.close()
  })
  await test('a client that leaves in the middle of its pipeline harms nobody else', async () => {
    const leaving = new undici.Client(base, { pipelining: 10 })
    const waiting = many(10, () => leaving.request({ path: '/slow?ms=5000', method: 'GET' }).catch(e => e))
    await wait(30)
    await leaving.destroy()
    for (const e of await Promise.all(waiting)) assert.ok(e instanceof Error)
    assert.equal((await fields_of(base + '/user/1')).status, 200)
  })
  await test('a request body is streamed while it is made', async () => {
    const sizes = [1, 1000, 70000, 1, 300000]
    const body = (async function* () { for (const n of sizes) { yield Buffer.alloc(n, 97); await wait(2) } })()
    const answer = await undici.fetch(base + '/echo', { method: 'POST', duplex: 'half', body })
    assert.equal((await answer.json()).bodyLength, 371002)
  })
  await test('a request body that its maker breaks off is no request', async () => {
    const body = (async function* () { yield Buffer.alloc(1000); throw new Error('the maker failed') })()
    await assert.rejects(undici.fetch(base + '/echo', { method: 'POST', duplex: 'half', body }))
    assert.equal((await fields_of(base + '/user/1')).status, 200)
  })
  await test('an answer is streamed while it is made', async () => {
    const pieces = []
    for await (const piece of (await undici.fetch(base + '/stream?n=4&ms=30')).body) pieces.push(Buffer.from(piece).toString())
    assert.ok(pieces.length >= 3, `${pieces.length} pieces`)
    assert.equal(pieces.join(''), 'chunk 0\nchunk 1\nchunk 2\nchunk 3\n')
  })
  await test('an answer is aborted in the middle, the server goes on', async () => {
    for (let i = 0; i < 10; i++) {
      const stop = new AbortController()
      const answer = await undici.fetch(base + '/stream?n=1000&ms=5', { signal: stop.signal })
      const reader = answer.body.getReader()
      await reader.read()
      stop.abort()
      await assert.rejects(async () => { while (!(await reader.read()).done); }, { name: 'AbortError' })
    }
    assert.equal((await fields_of(base + '/user/1')).status, 200)
  })
  await test('an upload is aborted in the middle', async () => {
    const stop = new AbortController()
    const body = (async function* () { for (;;) { yield Buffer.alloc(1000); await wait(1) } })()
    setTimeout(() => stop.abort(), 30)
    await assert.rejects(undici.fetch(base + '/echo', { method: 'POST', duplex: 'half', body, signal: stop.signal }))
    assert.equal((await fields_of(base + '/user/1')).status, 200)
  })
  await test('Expect: 100-continue is answered before the body is sent', async () => {
    const said = []
    const text = await new Promise((resolve, reject) => {
      const request = http.request(base + '/text', { method: 'POST', headers: { Expect: '100-continue', 'Content-Type': 'text/plain', 'Content-Length': 5 } })
      request.on('continue', () => { said.push(100); request.end('hello') })
      request.on('response', async r => { said.push(r.statusCode); let all = ''; for await (const p of r) all += p; resolve(all) }).on('error', reject)
      request.flushHeaders()
    })
    assert.deepEqual(said, [100, 200])
    assert.equal(text, 'hello')
  })
  await test('Expect: 100-continue of what is too large is refused before it is sent', async () => {
    const said = []
    await new Promise((resolve, reject) => {
      const request = http.request(base + '/text', { method: 'POST', headers: { Expect: '100-continue', 'Content-Type': 'text/plain', 'Content-Length': 200000 } })
      request.on('continue', () => said.push(100))
      request.on('response', r => { said.push(r.statusCode); r.resume(); request.destroy(); resolve() }).on('error', e => { if (!said.length) reject(e) })
      request.flushHeaders()
    })
    assert.deepEqual(said, [413])
  })
  await test('FormData arrives with its boundary', async () => {
    const form = new undici.FormData()
    form.set('a', 'ü')
    form.set('file', new Blob(['x'.repeat(100000)]), 'x.txt')
    const answer = await (await undici.fetch(base + '/echo', { method: 'POST', body: form })).json()
    assert.match(answer.headers['content-type'], /^multipart\/form-data; boundary=/)
    assert.ok(answer.bodyLength > 100000)
  })
  for (const [coding, code] of [['gzip', zlib.gzipSync], ['deflate', zlib.deflateSync]]) {
    await test(`a body in ${coding} is read`, async () => {
      const { status, body } = await fields_of(base + '/json', { method: 'POST', headers: { 'content-type': 'application/json', 'content-encoding': coding }, body: code('{"z":"ü"}') })
      assert.equal(status, 200)
      assert.equal(body.toString(), '{"z":"ü"}')
    })
  }
  await test('a damaged body and one in a coding that is not known are refused', async () => {
    const post = (coding, body) => fields_of(base + '/json', { method: 'POST', headers: { 'content-type': 'application/json', 'content-encoding': coding }, body })
    assert.equal((await post('gzip', 'no gzip')).status, 400)
    assert.equal((await post('pack200', '{}')).status, 415)
    assert.equal((await post('gzip', zlib.gzipSync(JSON.stringify('x'.repeat(1 << 20))))).status, 413)
  })
  await test('ranges: some, the last, none', async () => {
    const part = await fields_of(base + '/static/big.bin', { headers: { range: 'bytes=10-19' } })
    assert.deepEqual([part.status, part.headers['content-range'], part.body.toString()], [206, 'bytes 10-19/1048576', 'cdefghabcd'])
    const last = await fields_of(base + '/static/big.bin', { headers: { range: 'bytes=-3' } })
    assert.deepEqual([last.status, last.body.toString()], [206, 'fgh'])
    const none = await fields_of(base + '/static/big.bin', { headers: { range: 'bytes=1048576-' } })
    assert.deepEqual([none.status, none.headers['content-range']], [416, 'bytes */1048576'])
  })
  await test("a download goes on where it broke off: HEAD, then If-Range with its date", async () => {
    const { headers } = await fields_of(base + '/static/big.bin')
    const head = await fields_of(base + '/static/big.bin', { method: 'HEAD' })
    assert.equal(head.headers['content-length'], '1048576')
    const rest = await fields_of(base + '/static/big.bin', { headers: { range: 'bytes=1000000-', 'if-range': headers['last-modified'] } })
    assert.deepEqual([rest.status, rest.body.length], [206, 48576])
  })
  await test('conditions: 304 without a body, the connection stays', async () => {
    const client = new undici.Client(base)
    let connections = 0
    client.on('connect', () => connections++)
    const ask = async headers => { const r = await client.request({ path: '/static/hello.txt', method: 'GET', headers }); return [r.statusCode, await r.body.text(), r.headers.etag] }
    const [, text, etag] = await ask({})
    assert.equal(text, 'hello static\n')
    assert.deepEqual(await ask({ 'if-none-match': etag }), [304, '', etag])
    assert.equal((await ask({ 'if-none-match': '"x"' }))[0], 200)
    assert.equal((await ask({ 'if-modified-since': 'Fri, 01 Jan 2038 00:00:00 GMT' }))[0], 304)
    assert.equal((await ask({ 'if-match': '"x"' }))[0], 412)
    assert.equal(connections, 1)
    await client.close()
  })
  await test('redirects are followed', async () => {
    const answer = await undici.fetch(base + '/redirect')
    assert.ok(answer.redirected)
    assert.equal((await answer.json()).id, '7')
    assert.equal((await undici.fetch(base + '/static')).url, base + '/static/')
  })
  await test('statuses without a body leave the connection usable', async () => {
    const client = new undici.Client(base)
    for (const n of [204, 304, 200, 205, 404, 503]) {
      const { statusCode, body } = await client.request({ path: `/status/${n}`, method: 'GET' })
      assert.equal(statusCode, n)
      assert.equal(await body.text(), [204, 304, 205].includes(n) ? '' : `body of ${n}`)
    }
    await client.close()
  })
  await test('supertest: JSON, forms, text', async () => {
    await api.post('/json').send({ a: [1, { b: 'é' }] }).expect(200, { a: [1, { b: 'é' }] }).expect('Content-Type', 'application/json; charset=utf-8')
    await api.post('/form').type('form').send('x=1&y[]=2').expect(200, { x: '1', y: ['2'] })
    await api.post('/text').type('text').send('tobi').expect(200, 'tobi').expect('Content-Type', /^text\/plain/)
  })
  await test('supertest: HEAD, redirects, ranges', async () => {
    await api.head('/user/1').expect(200).expect('Content-Length', '21')
    await api.get('/redirect').expect(302).expect('Location', '/user/7')
    await api.get('/redirect').redirects(1).expect(200)
    await api.get('/static/hello.txt').set('Range', 'bytes=0-4').expect(206).expect('hello')
  })
  await test('supertest: pages of errors', async () => {
    await api.get('/nowhere/<b>').expect(404).expect('Content-Type', 'text/html; charset=utf-8').expect(/Cannot GET \/nowhere\/%3Cb%3E/)
    await api.get('/boom').expect(500).expect('X-Content-Type-Options', 'nosniff').expect('Content-Security-Policy', "default-src 'none'")
    await api.get('/reject').expect(418)
    await api.post('/json').type('json').send('{"a":').expect(400)
  })
}

if (at.error_handling) {
  await test('supertest: errors that the application answers', async () => {
    const api = supertest(at.error_handling)
    await api.get('/users/99').expect(404, { error: 'no such user' })
    await api.get('/passed').expect(503).expect('Retry-After', '30')
  })
}

if (at.production) {
  const base = at.production
  const decode = { gzip: zlib.gunzipSync, br: zlib.brotliDecompressSync, deflate: zlib.inflateSync, ...(zlib.zstdDecompressSync && { zstd: zlib.zstdDecompressSync }) }
  const plain = (await fields_of(base + '/posts')).body.toString()
  for (const coding of ['gzip', 'br', 'zstd']) {
    await test(`what comes in ${coding} is what there is`, async () => {
      const { headers, body } = await fields_of(base + '/posts', { headers: { 'accept-encoding': coding } })
      assert.equal(headers['content-encoding'], coding)
      assert.match(headers.vary, /Accept-Encoding/i)
      assert.equal(Number(headers['content-length']), body.length)
      assert.ok(body.length < plain.length / 2)
      if (decode[coding]) assert.equal(decode[coding](body).toString(), plain)
      else assert.equal(body.readUInt32LE(0), 0xfd2fb528)
    })
  }
  await test('fetch decodes by itself, streams, too', async () => {
    const whole = await undici.fetch(base + '/posts')
    assert.match(whole.headers.get('content-encoding'), /^(gzip|br)$/)
    assert.equal(await whole.text(), plain)
    const pieces = []
    for await (const piece of (await undici.fetch(base + '/ticks')).body) pieces.push(Buffer.from(piece).toString())
    assert.equal(pieces.join(''), 'tick 1\ntick 2\ntick 3\n')
    assert.ok(pieces.length >= 2, `${pieces.length} pieces`)
  })
  await test('who wants no coding gets none; who refuses all, too', async () => {
    assert.equal((await fields_of(base + '/posts', { headers: { 'accept-encoding': 'identity' } })).headers['content-encoding'], undefined)
    assert.equal((await fields_of(base + '/posts', { headers: { 'accept-encoding': 'gzip;q=0, br;q=0, zstd;q=0' } })).headers['content-encoding'], undefined)
  })
}

if (at.accounts) {
  await test("supertest's agent: sessions, tokens, sealed cookies", async () => {
    const ada = supertest.agent(at.accounts)
    const eve = supertest.agent(at.accounts)
    await ada.get('/visits').expect('visit 1').expect('Set-Cookie', /^connect\.sid=s%3A.*; Path=\/; Expires=.*; HttpOnly; SameSite=Lax$/)
    await ada.get('/visits').expect('visit 2')
    await eve.get('/visits').expect('visit 1')
    await ada.post('/login').type('form').send({ name: 'ada' }).expect(200, 'hello, ada')
    const { text } = await ada.get('/form').expect(200)
    await ada.post('/transfer').type('form').send({ amount: 5 }).expect(403)
    await ada.post('/transfer').set('X-CSRF-Token', text).type('form').send({ amount: 5 }).expect(200, 'ada sent 5')
    await ada.post('/transfer').type('form').send({ amount: 6, _csrf: text }).expect(200, 'ada sent 6')
    await eve.post('/transfer').set('X-CSRF-Token', text).type('form').send({ amount: 5 }).expect(401)
    await ada.post('/theme').type('form').send({ theme: 'dark' }).expect(200)
    await ada.get('/theme').expect('dark')
    await eve.get('/theme').expect('light')
    const token = (await ada.get('/token').expect(200)).text
    await supertest(at.accounts).get('/api/me').auth(token, { type: 'bearer' }).expect(200, 'ada')
    await supertest(at.accounts).get('/api/me').auth(token.slice(0, -2) + 'xx', { type: 'bearer' }).expect(401).expect('WWW-Authenticate', /^Bearer/)
    await ada.post('/logout').expect('bye')
    await ada.get('/token').expect(401)
  })
  await test('supertest: files by their fields', async () => {
    const api = supertest(at.accounts)
    await api.post('/upload').field('note', 'hi').attach('file', Buffer.alloc(300000), '../../ä.bin').expect(200, 'ä.bin: 300000 octets, with the note hi')
    await api.post('/upload').attach('other', Buffer.from('x'), 'x').expect(400)
    await api.post('/upload').attach('file', Buffer.alloc(11 << 20), 'large').expect(413)
  })
  await test('undici: FormData with a file, whose name loses what moves cursors', async () => {
    const form = new undici.FormData()
    form.set('note', 'naïve "quoted"')
    form.set('file', new Blob(['abc']), 'a"b\r\n.txt')
    const answer = await undici.fetch(at.accounts + '/upload', { method: 'POST', body: form })
    assert.equal(await answer.text(), 'a"b.txt: 3 octets, with the note naïve "quoted"')
  })
}

await stop_all()
totals()
