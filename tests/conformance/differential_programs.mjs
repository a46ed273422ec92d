// Random programs for differential.mjs: routers with handlers, and requests, most of which are such as the routers are for.
import http from 'node:http'

const usual = ['get', 'post', 'put', 'head', 'options', 'delete', 'patch']
const unusual = http.METHODS.map(m => m.toLowerCase()).filter(m => m !== 'connect' && !usual.includes(m))

// Left out, since they differ: one name twice in a pattern, octets that no target may have, and a # that a handler writes into
// req.url: where a mount adds a slash before it, Express leaves the slash there. HEAD and OPTIONS as a method that a handler
// sets: whether an answer has a body is decided by what the client asked for, and OPTIONS by where it was set.
const names = ['x', 'x', 'x', 'x', 'y', 'y', 'y', 'r', 'r', 'q', '_z', '$', 'é', '"x y"', '"a-b"', '"q\\"r"', '"x"']
const texts = ['/a', '/a', '/b', '/c', '/A', '/', '/', 'a', 'b', '-', '.', '~', '//', '/x-y', '/1.2', '/a.b', '/%C3%A9', '/%c3%a9', '/a%20b', '/\\:x', '/a\\*', '/\\(a\\)', '/a\\+b', '\\!', "/a'b", '/a;b', '/@', '/é']
const simple = ['/', '/a', '/a/b', '/b', '/:x', '/:x/:y', '/a/:x', '/:x/b', '/*r', '/a{/:x}']
const expressions = [ // with paths that they may match
  { regexp: '^/a', paths: ['/a', '/a/b', '/abc'] },
  { regexp: '^/([^/]+)$', paths: ['/a', '/b', '/a%20b', '/%zz'] },
  { regexp: '^/(a|b)/(\\d+)?', paths: ['/a/', '/b/12', '/a/7/b'] },
  { regexp: '^/(?<x>[^/]+)/([^/]+)$', paths: ['/a/b', '/1/2', '/a/%C3%A9'] },
  { regexp: '/b$', paths: ['/b', '/a/b'] },
  { regexp: '^/(?:a(/b)?)(/c)?/?$', paths: ['/a', '/a/b', '/a/c', '/a/b/c/'] },
  { regexp: '^/.*$', paths: ['/', '/a', '/x/y'] }
]
const segments = ['a', 'a', 'a', 'a', 'b', 'b', 'A', 'c', '1', 'x-y', 'x-y.z', '1.2', 'a.b', 'a%20b', 'a%2Fb', '%2F', '%41', '%25', '%5C', 'a%00', '%C3%A9', '%c3%a9', 'a+b', 'a;b', 'a=b', 'a,b', '~', 'a~b', '@', '*', ':x', 'a*', '(a)', '$', "a'b", '.', '..', '...', '%2e%2E', '', '%', '%zz', '%E2%82', 'a%']
const queries = ['', '', '', '', '', '?q=1', '?', '?/b', '??a', '?x=http://h/a', '?a/../b', '?%zz']
const rewrites = ['/b', '/a/b?z', '/', '/c/a', '/a', 'rel', '?x', '/a?', '/a/b/c', '//a', '/%41', '/A', '/a/', '', '/%zz', '/b?http://x/y', '*', 'a/b', '/a//b', '/a%2Fb', '/.', '?', 'http://h', 'http://h/a', 'http://h/a/b?c']

// How often a handler ends in which way.
const ends = {
  handler: { next: 44, later: 8, fail: 7, route: 5, router: 5, text: 3, throw: 7, send: 21 },
  error: { next: 30, later: 8, fail: 12, route: 5, router: 5, text: 4, throw: 16, send: 20 },
  param: { next: 60, later: 8, fail: 8, route: 6, router: 5, text: 3, throw: 7, send: 3 }
}

// Returns what makes a program of a number. parse is path-to-regexp's, isPattern tells whether it takes a text.
export function generator (seed, parse, isPattern) {
  let state = Number(seed) >>> 0
  let ids = 0
  const random = () => { // mulberry32
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const chance = p => random() < p
  const among = list => list[Math.floor(random() * list.length)]
  const times = (from, to, f) => Array.from({ length: from + Math.floor(random() * (to - from + 1)) }, f)
  const weighed = weights => {
    let left = random() * Object.values(weights).reduce((a, b) => a + b)
    return Object.keys(weights).find(k => (left -= weights[k]) < 0)
  }

  // ---- patterns: text, parameters, wildcards and groups in any order
  const piece = depth => ({
    text: () => among(texts),
    param: () => among(['/', '/', '', '-', '.']) + ':' + among(names),
    wildcard: () => among(['/', '/', '']) + '*' + among(names),
    group: () => '{' + times(1, 3, () => piece(depth + 1)).join('') + '}'
  })[weighed({ text: 38, param: 27, wildcard: 13, group: depth < 3 ? 20 : 0 })]()
  function pattern () {
    if (chance(0.3)) return among(simple)
    for (;;) {
      const text = (chance(0.9) ? '/' : '') + times(0, 4, () => piece(0)).join('').replace(/^\//, '')
      if (!isPattern(text)) continue
      const all = namesIn(parse(text).tokens)
      if (new Set(all).size === all.length) return text
    }
  }
  let known = [] // of this program: what several layers are for
  function patternOrKnown () {
    if (chance(0.06)) return { regexp: among(expressions).regexp }
    if (!known.length || chance(0.65)) known.push(pattern())
    return chance(0.65) ? known.at(-1) : among(known)
  }
  const patterns = () => chance(0.12) ? times(2, 3, patternOrKnown) : patternOrKnown()

  // ---- routers
  const lastStep = {
    next: () => ({ do: 'next' }),
    later: () => ({ do: 'later' }),
    fail: () => ({ do: 'next', error: among(['one', 'two']) }),
    route: () => ({ do: 'next', text: 'route' }),
    router: () => ({ do: 'next', text: 'router' }),
    text: () => ({ do: 'next', text: among(['', 'words']) }),
    throw: () => ({ do: 'throw', error: among(['thrown', 'bad']) }),
    send: () => ({ do: 'send', status: among([200, 200, 200, 201, 404, 503]) })
  }
  function handler (kind, name = among(['x', 'y', 'r', 'n', 'x y'])) {
    const h = { id: kind[0] + ++ids, error: kind === 'error', async: chance(0.3), steps: [] }
    if (h.async && chance(0.5)) h.steps.push({ do: 'wait' })
    if (chance(0.08)) h.steps.push({ do: 'url', to: among(rewrites) })
    if (chance(0.05)) h.steps.push({ do: 'method', to: among([...usual.filter(m => m !== 'head' && m !== 'options'), among(unusual)]).toUpperCase() })
    if (chance(0.12)) h.steps.push({ do: 'param', name, value: among(['1', 'set', 'a', 'b', '', 'a/b', '%41']) })
    h.steps.push(lastStep[weighed(ends[kind])]())
    if (h.steps.at(-1).do === 'next' && chance(0.3)) {
      if (h.async && chance(0.4)) h.steps.push({ do: 'wait' })
      h.steps.push({ do: 'log' })
    }
    return h
  }
  const usualHandler = () => handler(chance(0.27) ? 'error' : 'handler')
  const layer = depth => ({
    param: () => {
      const name = among(['x', 'x', 'y', 'r', 'r', 'q', 'x y'])
      return { kind: 'param', name, handler: handler('param', chance(0.8) ? name : undefined) }
    },
    use: () => ({ kind: 'use', path: chance(0.3) ? '/' : patterns(), handlers: times(1, 3, usualHandler) }),
    mount: () => ({ kind: chance(0.3) ? 'app' : 'mount', path: chance(0.15) ? '/' : patterns(), router: router(depth + 1) }),
    route: () => ({ kind: 'route', path: patterns(), entries: times(1, 4, () => ({ method: weighed({ get: 9, all: 2, usual: 5, unusual: 4 }), handler: usualHandler() })) })
  })[weighed({ param: 22, use: 24, mount: depth < 3 ? 22 : 0, route: 38 })]()
  function router (depth) {
    const r = { options: { caseSensitive: chance(0.3), strict: chance(0.35), mergeParams: chance(0.5) }, layers: times(1, depth === 0 ? 9 : 6, () => layer(depth)) }
    for (const l of r.layers)
      for (const e of l.entries ?? [])
        if (e.method === 'usual') e.method = among(usual)
        else if (e.method === 'unusual') e.method = among(unusual)
    for (const e of r.layers.flatMap(l => l.entries ?? [])) if (chance(0.2)) e.second = usualHandler()
    return r
  }

  // ---- requests
  const segment = () => chance(0.5) ? among(['a', 'b']) : among(segments)
  const example = tokens => tokens.map(t => {
    if (t.type === 'text') return t.value.replaceAll('é', '%C3%A9')
    if (t.type === 'group') return chance(0.6) ? example(t.tokens) : ''
    return (t.type === 'param' ? [segment()] : times(1, 3, segment)).join('/')
  }).join('')
  function meant (r) { // what a layer of a router is for
    const layers = r.layers.filter(l => l.path !== undefined)
    if (!layers.length) return { path: '' }
    const l = among(layers)
    const one = among([l.path].flat())
    const path = one.regexp ? among(expressions.find(e => e.regexp === one.regexp).paths) : example(parse(one).tokens)
    if (l.entries) return { method: among(l.entries).method, path }
    const below = l.router ? meant(l.router) : { path: times(0, 2, () => '/' + segment()).join('') }
    return { method: below.method, path: below.path.startsWith('/') ? path.replace(/\/$/, '') + below.path : path + below.path }
  }
  const distorted = path => among([
    () => path + '/', () => '/' + path, () => path.toUpperCase(), () => path.toLowerCase(), () => path + '/' + segment(),
    () => path.replace(/\/[^/]*$/, ''), () => path.replace('/', '//'), () => path.replace(/[ab]/, c => '%' + c.charCodeAt(0).toString(16))
  ])()
  function request (r) {
    let { method, path } = chance(0.75) ? meant(r) : { path: times(0, 4, () => '/' + segment()).join('') }
    if (!method || method === 'all' || chance(0.2)) method = chance(0.15) ? among(unusual) : among(['get', 'get', 'get', ...usual])
    if (chance(0.15)) path = distorted(path)
    if (!path.startsWith('/')) path = '/' + path
    path += among(queries)
    // Of the absolute form Node's url.parse escapes an apostrophe. Another scheme than the connection's is 400 in crema.
    if (chance(0.05) && !path.includes("'")) path = among(['http://h.example', 'http://h.example:80', 'HTTP://h.example']) + path
    return { method: method.toUpperCase(), url: path }
  }
  return id => {
    ids = 0
    known = []
    const top = router(0)
    return { id, router: top, requests: times(4, 10, () => request(top)) }
  }
}

const namesIn = tokens => tokens.flatMap(t => t.type === 'group' ? namesIn(t.tokens) : t.name ?? [])
const handlersOf = l => [l.handler, ...l.handlers ?? [], ...(l.entries ?? []).flatMap(e => [e.handler, e.second]), ...l.router?.layers.flatMap(handlersOf) ?? []].filter(Boolean)

// Names what a program has of which something came to be: of layers that a handler ran behind, of handlers that ran, of requests, of answers.
export function features (p, answers) {
  const ran = new Set(answers.flatMap(a => a.log.map(line => line.split(' ', 1)[0])))
  const found = new Set()
  const note = all => { for (const [name, holds] of Object.entries(all)) if (holds) found.add(name) }
  const runs = l => handlersOf(l).some(h => ran.has(h.id))
  function visit (r, depth) {
    note({
      'router: case-sensitive': r.options.caseSensitive, 'router: strict': r.options.strict, 'router: depth 3': depth === 3,
      'router: merges parameters': depth > 0 && r.options.mergeParams
    })
    for (const l of r.layers.filter(runs)) {
      note({ 'pattern: regular expression': [l.path ?? []].flat().some(path => path.regexp), 'route: several handlers in one call': l.entries?.some(e => e.second && ran.has(e.second.id)) })
      for (const path of [l.path ?? []].flat().filter(path => !path.regexp))
        note({
          'pattern: parameter': /:/.test(path), 'pattern: wildcard': /\*/.test(path), 'pattern: group': /\{/.test(path), 'pattern: group within a group': /\{[^}]*\{/.test(path),
          'pattern: quoted name': /"/.test(path), 'pattern: escape': /\\/.test(path), 'pattern: parameter within a segment': /[^/{]\{?[:*]/.test(path), 'pattern: several': Array.isArray(l.path),
          'pattern: without /': path[0] !== '/', 'mount: with parameters': l.router && /[:*]/.test(path), 'mount: app': l.kind === 'app'
        })
      for (const e of l.entries ?? []) note({ 'route: all': e.method === 'all', 'route: unusual method': unusual.includes(e.method) && ran.has(e.handler.id) })
      for (const h of handlersOf({ ...l, router: undefined }).filter(h => ran.has(h.id)))
        for (const s of [{}, ...h.steps]) {
          const param = l.kind === 'param' ? ' in a param callback' : ''
          note({
            'handler: param callback': param, 'handler: of errors': h.error, 'handler: of errors, throws': h.error && s.do === 'throw', 'handler: waits': s.do === 'wait',
            'handler: url': s.do === 'url', 'handler: method': s.do === 'method', 'handler: sets a parameter': s.do === 'param' && !param, 'handler: replaces the value of a param callback': s.do === 'param' && s.name === l.name,
            'next: later': s.do === 'later', [`next: error${param}`]: s.do === 'next' && s.error, [`next: ${s.text || 'empty text'}${param}`]: s.do === 'next' && 'text' in s,
            [`throws${param}`]: s.do === 'throw', 'sends': s.do === 'send'
          })
        }
      if (l.router) visit(l.router, depth + 1)
    }
  }
  visit(p.router, 0)
  for (const { method, url } of p.requests) {
    const path = url.split('?')[0].replace(/^http:\/\/[^/]*/i, '')
    note({
      'request: unusual method': unusual.includes(method.toLowerCase()), 'request: absolute form': url[0] !== '/', 'request: percent-encoded': /%[0-9a-f]{2}/i.test(path),
      'request: dots': /\/\.+(\/|$)/.test(path), 'request: //': /\/\//.test(path), 'request: ends with /': /.\/$/.test(path), 'request: query': url.includes('?')
    })
  }
  for (const a of answers) note({ [`answer: ${a.status}`]: true, 'answer: Allow': a.allow })
  return found
}
