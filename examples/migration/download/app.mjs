// One file at a time: shown, saved, in parts; and what happens when it is not there.
import express from 'express'
import path from 'node:path'

const app = express()
const root = path.resolve(process.env.FILES ?? 'public')

app.get('/show/:name', (req, res) => {
  res.sendFile(req.params.name, { root, maxAge: 60000, headers: { 'X-Sent': 'yes' } })
})
app.get('/part', (req, res) => {
  res.sendFile('hello.txt', { root, start: 2, end: 6, lastModified: false, cacheControl: false })
})
app.get('/save/:name', (req, res) => {
  res.download(path.join(root, req.params.name), 'naïve "copy".txt')
})
app.get('/told/:name', (req, res) => {
  res.sendFile(req.params.name, { root }, err => {
    if (err) res.status(err.status ?? 404).json({ error: err.code ?? 'none' })
  })
})
app.get('/attachment', (req, res) => {
  res.attachment('reports/summary.csv').send('a,b\n1,2\n')
})

const server = app.listen(process.argv[2] ?? 3000, () => console.log(server.address().port))
