// Chromium on the page of examples/browser.cpp: what only a browser does is seen to be done.
//   node browser.mjs PROGRAM        PROGRAM: examples/browser; $CHROMIUM or /usr/bin/chromium
// playwright-core comes from npm, into $CREMA_NPM or a temporary folder; without it or Chromium this says so and ends.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import http from 'node:http'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { npm, serve_lines, stop_all, test, totals } from './serving.mjs'

const [program] = process.argv.slice(2)
const executablePath = process.env.CHROMIUM || '/usr/bin/chromium'
if (!fs.existsSync(executablePath)) {
  console.log(`${executablePath} is not here: skipped`)
  totals()
}
const { chromium } = createRequire(npm('playwright-core') + '/')('playwright-core')
const [site, second] = await serve_lines(2, program)
const other = second.split(' ').pop()

// A site of somebody else, on another host: a page that does what it is asked to.
const stranger = await new Promise(resolve => {
  const server = http.createServer((request, response) => {
    response.setHeader('Content-Type', 'text/html')
    const { searchParams } = new URL(request.url, site)
    response.end(`<!doctype html><title>somebody else</title><link rel=icon href=data:,><a id=link href="${searchParams.get('link') || ''}">go</a>` +
      `<form method=post action="${searchParams.get('form') || ''}"><input name=amount value=5><button id=send>send</button></form>`)
  })
  server.listen(0, '127.0.0.1', () => resolve(Object.assign(server, { at: `http://127.0.0.1:${server.address().port}` })))
})

const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'crema-browser-'))
const context = await chromium.launchPersistentContext(profile, {
  executablePath, headless: true, chromiumSandbox: false,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
})
context.setDefaultTimeout(10000)
// Each test has a page of its own and no cookies of others.
const in_browser = (name, f) => test(name, async () => {
  await context.clearCookies()
  const page = await context.newPage()
  try { await f(page) } finally { await page.close() }
})
const text_of = (page, id) => page.locator('#' + id).textContent()
const soon = async (page, id, wanted) => page.waitForFunction(([id, wanted]) => document.getElementById(id).textContent.includes(wanted), [id, wanted])
const fetched = (page, url, options) => page.evaluate(async ([url, options]) => {
  try {
    const answer = await fetch(url, options)
    return { status: answer.status, text: await answer.text(), headers: Object.fromEntries(answer.headers) }
  } catch (e) {
    return { refused: e.message }
  }
}, [url, options])

// ---- Content-Security-Policy
await in_browser('a script in the page runs with its nonce and not without; the violation is seen and reported', async page => {
  const violations = []
  await page.exposeFunction('violated', v => violations.push(v))
  await page.addInitScript(() => document.addEventListener('securitypolicyviolation', e => window.violated([e.effectiveDirective, e.blockedURI])))
  await page.goto(site)
  await soon(page, 'inline', 'with its nonce')
  assert.equal(await page.evaluate(() => window.ran_without_nonce), undefined)
  await page.waitForFunction(async () => (await (await fetch('/reports')).json()).length > 0)
  assert.deepEqual(violations, [['script-src-elem', 'inline']])
  const [report] = JSON.parse((await fetched(page, '/reports')).text)
  assert.equal(report['csp-report']['effective-directive'], 'script-src-elem')
})
await in_browser('each page has a nonce of its own', async page => {
  const nonce = async () => /'nonce-([^']+)'/.exec((await page.goto(site)).headers()['content-security-policy'])[1]
  assert.notEqual(await nonce(), await nonce())
})
await in_browser('eval, handlers in attributes, scripts and connections of others are blocked', async page => {
  await page.goto(site)
  assert.match(await page.evaluate(() => { const s = document.createElement('script'); s.src = 'data:text/javascript,window.x=1'; return new Promise(r => { s.onerror = () => r('blocked'); s.onload = () => r('ran'); document.body.append(s) }) }), /blocked/)
  assert.equal(await page.evaluate(() => { document.body.insertAdjacentHTML('beforeend', '<button id=bad onclick="window.clicked=1">'); document.getElementById('bad').click(); return window.clicked ?? 'blocked' }), 'blocked')
  assert.ok((await fetched(page, stranger.at)).refused)
})
await in_browser('the page may not be shown in a frame of another site', async page => {
  await page.goto(stranger.at)
  await page.evaluate(site => new Promise(resolve => { const f = document.createElement('iframe'); f.onload = resolve; f.src = site; document.body.append(f) }), site)
  assert.ok(!(await Promise.all(page.frames().slice(1).map(f => f.title().catch(() => '')))).includes('crema and a browser'))
})
await in_browser('a page of the site is isolated; its fields are those that browsers look at', async page => {
  const headers = (await page.goto(site)).headers()
  for (const [name, value] of Object.entries({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'cross-origin-opener-policy': 'same-origin', 'x-frame-options': 'SAMEORIGIN', 'origin-agent-cluster': '?1' })) assert.equal(headers[name], value)
  assert.equal(headers['x-powered-by'], undefined)
  assert.ok(await page.evaluate(() => window.originAgentCluster))
  const [popup] = await Promise.all([context.waitForEvent('page'), page.evaluate(at => { window.open(at) }, stranger.at)])
  assert.equal(await popup.evaluate(() => window.opener), null)
  assert.equal(await popup.evaluate(() => document.referrer), '')
  await popup.close()
})

// ---- CORS
await in_browser('another origin answers with cookies, by its leave; a script sees the fields that are exposed', async page => {
  await page.goto(site)
  await soon(page, 'cors', 'theme=dark')
  const { headers } = await fetched(page, other + '/whoami', { credentials: 'include' })
  assert.equal(headers['x-request-cost'], '3')
  assert.equal(headers['x-internal'], undefined)
  assert.equal(JSON.parse((await fetched(page, other + '/whoami')).text).theme, 'unknown') // without credentials, no cookies
})
await in_browser('a preflight goes ahead of what a form could not send, and is remembered', async page => {
  await page.goto(site)
  const seen = []
  const cdp = await context.newCDPSession(page)
  await cdp.send('Network.enable')
  cdp.on('Network.requestWillBeSent', e => { if (e.request.url.startsWith(other + '/item')) seen.push(e.request.method) })
  const put = () => fetched(page, other + '/item', { method: 'PUT', credentials: 'include', headers: { 'Content-Type': 'application/json', 'X-Extra': '1' }, body: '{"a":1}' })
  assert.equal((await put()).text, '{"a":1}')
  assert.equal((await put()).text, '{"a":1}')
  assert.deepEqual(seen.sort(), ['OPTIONS', 'PUT', 'PUT'])
})
await in_browser('pages of others may read what is for everybody, and nothing with cookies', async page => {
  await page.goto(stranger.at)
  assert.equal((await fetched(page, other + '/open')).text, 'for everybody')
  assert.ok((await fetched(page, other + '/open', { credentials: 'include' })).refused)
  assert.ok((await fetched(page, other + '/whoami')).refused)
  assert.ok((await fetched(page, other + '/whoami', { credentials: 'include' })).refused)
  assert.ok((await fetched(page, other + '/item', { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: '{}' })).refused)
  assert.ok((await fetched(page, site + '/me')).refused)
  assert.ok((await fetched(page, site + '/me', { mode: 'no-cors' })).refused) // Cross-Origin-Resource-Policy
})

// ---- cookies
await in_browser('scripts see cookies that are not HttpOnly, the server all of them', async page => {
  await page.goto(site + '/cookies')
  const visible = (await page.evaluate(() => document.cookie)).split('; ').map(c => c.split('=')[0]).sort()
  assert.deepEqual(visible, ['plain', 'secure', 'signed', 'strict'])
  const seen = JSON.parse((await fetched(page, '/cookies/seen')).text)
  assert.deepEqual([seen.cookies.plain, seen.cookies.hidden, seen.cookies.strict, seen.cookies.secure, seen.signed.signed, seen.sealed], ['1', '2', '3', '4', '5', '6'])
})
await in_browser('a cookie that a script has changed is not believed', async page => {
  await page.goto(site + '/cookies')
  await page.evaluate(() => { document.cookie = 'signed=' + document.cookie.match(/signed=([^;]*)/)[1].replace('5.', '7.') + '; path=/' })
  const seen = JSON.parse((await fetched(page, '/cookies/seen')).text)
  assert.equal(seen.signed.signed, false)
  assert.equal(seen.sealed, '6')
})
await in_browser('SameSite: a link of another site brings what is Lax, a form of it only what is None', async page => {
  const names = async () => Object.keys(JSON.parse(await page.locator('body').textContent()).cookies)
  await page.goto(site + '/cookies')
  await page.goto(stranger.at + '/?link=' + encodeURIComponent(site + '/cookies/seen'))
  await Promise.all([page.waitForURL(site + '/**'), page.click('#link')])
  const by_link = await names()
  assert.ok(by_link.includes('plain') && by_link.includes('secure') && by_link.includes('hidden'))
  assert.ok(!by_link.includes('strict'))
})

// ---- sessions, forgery
await in_browser('a form logs in; the token of another session is refused', async page => {
  await page.goto(site)
  const before = (await context.cookies(site)).find(c => c.name === 'connect.sid')
  assert.ok(before.httpOnly && before.sameSite === 'Lax')
  const old_token = await page.locator('meta[name=csrf]').getAttribute('content')
  await Promise.all([page.waitForURL(site + '/me'), page.click('#login')])
  assert.equal(await page.locator('body').textContent(), 'ada')
  assert.notEqual((await context.cookies(site)).find(c => c.name === 'connect.sid').value, before.value)
  await page.goto(site)
  assert.equal((await fetched(page, '/transfer', { method: 'POST', headers: { 'X-CSRF-Token': old_token } })).status, 403)
  assert.equal((await fetched(page, '/transfer', { method: 'POST' })).status, 403)
  await Promise.all([page.waitForURL(site + '/transfer'), page.click('#transfer')])
  assert.equal(await page.locator('body').textContent(), 'sent 5')
})
await in_browser('a form of another site is refused, whatever it knows', async page => {
  await page.goto(site)
  await page.goto(stranger.at + '/?form=' + encodeURIComponent(site + '/transfer'))
  const [answer] = await Promise.all([page.waitForResponse(site + '/transfer'), page.click('#send')])
  assert.equal(answer.status(), 403)
  assert.equal((await answer.request().allHeaders())['sec-fetch-site'], 'cross-site')
})

// ---- uploads
await in_browser('a form with a file arrives, its progress is seen', async page => {
  await page.goto(site)
  await page.setInputFiles('#file', { name: 'größe "1".bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(900000) })
  await page.click('#send')
  await soon(page, 'uploaded', '200')
  assert.deepEqual(JSON.parse((await text_of(page, 'uploaded')).slice(4)), { name: 'größe "1".bin', size: 900000, note: 'hi' })
  assert.match(await text_of(page, 'progress'), /^(\d+) of \1$/)
})
for (const [what, size] of [['a little', 1.2e6], ['far', 6e6], ['beyond every measure', 70e6]]) {
  await in_browser(`a file that is ${what} too large gets its status`, async page => {
    await page.goto(site)
    const answer = await page.evaluate(async size => {
      const form = new FormData()
      form.set('file', new File([new Uint8Array(size)], 'large.bin'))
      try {
        return (await fetch('/upload', { method: 'POST', body: form, headers: { 'X-CSRF-Token': document.querySelector('meta[name=csrf]').content } })).status
      } catch (e) { return e.message }
    }, size)
    assert.equal(answer, 413)
  })
}

// ---- compression, streams
await in_browser('what comes in zstd, br or gzip is text again', async page => {
  const answer = await page.goto(site + '/long')
  assert.match(answer.headers()['content-encoding'], /^(zstd|br|gzip)$/)
  const text = await page.locator('body').textContent()
  assert.ok(text.startsWith('line 0 of a long text\n') && text.trimEnd().endsWith('line 1999 of a long text'))
  assert.ok(await page.evaluate(() => { const [e] = performance.getEntriesByType('navigation'); return e.encodedBodySize < e.decodedBodySize / 4 }))
})
await in_browser('a compressed stream is read as it comes', async page => {
  await page.goto(site)
  const times = await page.evaluate(async () => {
    const reader = (await fetch('/ticks')).body.getReader()
    const times = []
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) times.push(performance.now())
    return times
  })
  assert.ok(times.length >= 2 && times.at(-1) - times[0] > 40, String(times))
})
await in_browser('a stream that the page leaves is ended', async page => {
  await page.goto(site)
  await page.evaluate(async () => {
    const stop = new AbortController()
    const reader = (await fetch('/ticks', { signal: stop.signal })).body.getReader()
    await reader.read()
    stop.abort()
  })
  assert.equal((await fetched(page, '/me')).status, 200)
})

// ---- caching
await in_browser('reloading asks again for what may have changed (304), not for what never changes', async page => {
  await page.goto(site)
  await page.reload()
  await page.waitForLoadState('load')
  const sent = name => page.evaluate(name => performance.getEntriesByType('resource').find(e => e.name.endsWith(name)).transferSize, name)
  assert.equal(await sent('/style.css'), 300) // as which the fields of any answer count: nothing came behind them
  assert.equal(await sent('.js'), 0)
})
await in_browser('going back to the page does not show a token of before', async page => {
  await page.goto(site)
  const token = await page.locator('meta[name=csrf]').getAttribute('content')
  await page.goto(site + '/me')
  await page.goBack()
  const again = await page.locator('meta[name=csrf]').getAttribute('content')
  assert.notEqual(again, token)
})

await context.close()
stranger.close()
fs.rmSync(profile, { recursive: true, force: true, maxRetries: 3 })
await stop_all()
totals()
