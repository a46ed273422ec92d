// Paths: parameters, optional parts, wildcards, all methods of one path, callbacks of a parameter.
import express from 'express'

const app = express()

app.param('user', (req, res, next, name) => {
  const users = { ada: 'Ada Lovelace', grace: 'Grace Hopper' }
  if (!users[name]) return next('route')
  res.set('X-User', users[name])
  next()
})
app.get('/users/:user', (req, res) => res.send('user ' + req.params.user))
app.get('/users/:name', (req, res) => res.status(404).send('nobody is called ' + req.params.name))

app.get('/flights/:from-:to', (req, res) => res.json({ from: req.params.from, to: req.params.to }))
app.get('/docs{/:page}', (req, res) => res.send('page ' + (req.params.page ?? 'one')))
app.get('/files/*path', (req, res) => res.send(req.params.path.join(' > ')))
app.get(['/colour', '/color'], (req, res) => res.send('green'))

app.route('/book')
  .get((req, res) => res.send('a book'))
  .post((req, res) => res.status(201).send('a new book'))
  .delete((req, res) => res.status(204).end())
app.all('/any', (req, res) => res.send(req.method))

app.get('/search', (req, res) => res.json(req.query))

const server = app.listen(process.argv[2] ?? 3000, () => console.log(server.address().port))
