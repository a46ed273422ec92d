// A guest book: a form, what it sends, a redirect back.
import express from 'express'

const app = express()
app.set('query parser', 'extended')
const entries = []
const escape = text => text.replace(/[&<>"]/g, c => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c])

app.get('/', (req, res) => {
  res.send(`<ul>${entries.map(e => `<li>${escape(e.name)}: ${escape(e.text)}</li>`).join('')}</ul>
<form method="post" action="/sign"><input name="name"><input name="text"><button>sign</button></form>
`)
})
app.post('/sign', express.urlencoded({ limit: '1kb' }), (req, res) => {
  const { name, text } = req.body ?? {}
  if (!name || !text) return res.status(422).send('name and text are needed')
  entries.push({ name, text })
  res.redirect(303, '/')
})
app.post('/nested', express.urlencoded({ extended: true, depth: 3, parameterLimit: 5 }), (req, res) => res.json(req.body))
app.post('/text', express.text(), (req, res) => res.type('text').send(req.body.toUpperCase()))
app.post('/octets', express.raw(), (req, res) => res.send(req.body))
app.get('/find', (req, res) => res.json(req.query))
app.get('/old', (req, res) => res.redirect(301, '/new?a=ü'))

const server = app.listen(process.argv[2] ?? 3000, () => console.log(server.address().port))
