// A directory of files, with and without options.
import express from 'express'

const app = express()
const root = process.env.FILES ?? 'public'

app.use('/private', express.static(root, { dotfiles: 'deny', index: false, redirect: false, fallthrough: false }))
app.use('/assets', express.static(root, {
  maxAge: '1d',
  immutable: true,
  extensions: ['html', 'txt'],
  setHeaders: (res, path) => res.set('X-Name', path.slice(path.lastIndexOf('/') + 1))
}))
app.use(express.static(root))
app.use((req, res) => res.status(404).send('no file ' + req.path))

const server = app.listen(process.argv[2] ?? 3000, () => console.log(server.address().port))
