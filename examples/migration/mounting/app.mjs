// Routers within routers, an app within the app, settings that are inherited.
import express from 'express'

const app = express()
app.set('title', 'top')
app.set('trust proxy', 'loopback')

const notes = express.Router({ mergeParams: true })
notes.get('/', (req, res) => res.json({ user: req.params.user, base: req.baseUrl, url: req.url }))
notes.get('/:note', (req, res) => res.json({ user: req.params.user, note: req.params.note }))

const users = express.Router()
users.use('/:user/notes', notes)
users.get('/:user', (req, res, next) => req.params.user === 'nobody' ? next('router') : res.send('user ' + req.params.user))
app.use('/users', users)
app.get('/users/nobody', (req, res) => res.send('left the router'))

const admin = express()
admin.on('mount', parent => admin.set('title', parent.get('title') + ' > admin'))
admin.get('/', (req, res) => res.json({ title: admin.get('title'), path: admin.path(), base: req.baseUrl, original: req.originalUrl }))
admin.get('/who', (req, res) => res.json({ ip: req.ip.replace('::ffff:', ''), ips: req.ips, protocol: req.protocol, host: req.hostname, subdomains: req.subdomains }))
app.use(['/admin', '/root'], admin)

const strict = express.Router({ strict: true, caseSensitive: true })
strict.get('/Exact', (req, res) => res.send('exact'))
app.use('/strict', strict)

const server = app.listen(process.argv[2] ?? 3000, () => console.log(server.address().port))
