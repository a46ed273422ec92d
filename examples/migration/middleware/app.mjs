// Middleware in a chain, locals, errors that are thrown, passed on, and handled.
import express from 'express'

const app = express()

app.use((req, res, next) => {
  res.locals.trail = ['first']
  res.set('X-Trail', 'yes')
  next()
})
app.use(['/admin', '/staff'], (req, res, next) => {
  if (req.get('X-Token') !== 'secret') return res.status(401).json({ error: 'no token' })
  res.locals.trail.push('guard of ' + req.baseUrl)
  next()
})

const load = async (req, res, next) => {
  await new Promise(f => setTimeout(f, 1))
  res.locals.trail.push('loaded')
  next()
}

app.get('/', load, (req, res) => res.json(res.locals.trail))
app.get('/admin', load, (req, res) => res.json(res.locals.trail))
app.get('/skip', (req, res, next) => next('route'), (req, res) => res.send('never'))
app.get('/skip', (req, res) => res.send('skipped'))

app.get('/throws', () => { throw new Error('a bug') })
app.get('/rejects', async () => { throw Object.assign(new Error('try later'), { status: 503 }) })
app.get('/passes', (req, res, next) => next(Object.assign(new Error('gone for good'), { status: 410 })))
app.get('/unhandled', () => { throw Object.assign(new Error('secret'), { status: 403 }) })

app.use((err, req, res, next) => {
  if (req.path === '/unhandled') return next(err)
  res.status(err.status ?? 500).json({ error: err.message })
})

const server = app.listen(process.argv[2] ?? 3000, () => console.log(server.address().port))
