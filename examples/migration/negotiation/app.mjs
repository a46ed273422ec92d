// What the client likes: types, languages, conditions, JSONP.
import express from 'express'

const app = express()
app.set('json spaces', 2)

app.get('/format', (req, res) => {
  res.format({
    text: () => res.send('hey'),
    html: () => res.send('<p>hey</p>'),
    json: () => res.send({ message: 'hey' })
  })
})
app.get('/default', (req, res) => {
  res.format({
    json: () => res.json({ a: 1 }),
    default: () => res.status(406).send('only JSON')
  })
})
app.get('/language', (req, res) => {
  res.vary('Accept-Language')
  res.send({ en: 'hello', de: 'hallo', fr: 'salut' }[req.acceptsLanguages('en', 'de', 'fr')] || '?')
})
app.get('/accepts', (req, res) => res.json({
  best: req.accepts(['json', 'html', 'image/png']),
  encoding: req.acceptsEncodings('br', 'gzip'),
  charset: req.acceptsCharsets('utf-8', 'iso-8859-1')
}))
app.post('/is', (req, res) => res.json({ is: req.is('json', 'text/*', 'urlencoded') || false }))
app.get('/links', (req, res) => {
  res.links({ next: '/links?page=3', prev: '/links?page=1' })
  res.append('Link', '</first>; rel="first"').send('linked')
})
app.get('/jsonp', (req, res) => res.jsonp({ name: 'tobi' }))
app.get('/fresh', (req, res) => {
  res.set({ ETag: '"v1"', 'Cache-Control': 'public' })
  res.send('the body')
})

const server = app.listen(process.argv[2] ?? 3000, () => console.log(server.address().port))
