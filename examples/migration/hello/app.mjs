// The smallest thing that answers: text, JSON, a status.
import express from 'express'

const app = express()

app.get('/', (req, res) => {
  res.send('hello, world')
})

app.get('/json', (req, res) => {
  res.json({ message: 'hello', words: ['hello', 'world'], count: 2 })
})

app.get('/teapot', (req, res) => {
  res.status(418).type('text').send('short and stout')
})

app.get('/nothing', (req, res) => {
  res.sendStatus(204)
})

const server = app.listen(process.argv[2] ?? 3000, () => console.log(server.address().port))
