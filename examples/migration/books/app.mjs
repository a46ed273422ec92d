// A collection in memory, read and changed with JSON.
import express from 'express'

const app = express()
app.use(express.json({ limit: '1kb' }))

const books = new Map([[1, { id: 1, title: 'Notes', pages: 66 }]])
let last = 1

const find = (req, res, next) => {
  req.book = books.get(Number(req.params.id))
  if (!req.book) return res.status(404).json({ error: 'no such book' })
  next()
}
const check = (req, res, next) => {
  const { title, pages } = req.body ?? {}
  if (typeof title !== 'string' || !Number.isInteger(pages)) return res.status(400).json({ error: 'title and pages are needed' })
  next()
}

app.get('/books', (req, res) => res.json([...books.values()]))
app.get('/books/:id', find, (req, res) => res.json(req.book))
app.post('/books', check, (req, res) => {
  const { title, pages } = req.body
  const book = { id: ++last, title, pages }
  books.set(book.id, book)
  res.status(201).location('/books/' + book.id).json(book)
})
app.put('/books/:id', find, check, (req, res) => {
  const { title, pages } = req.body
  Object.assign(req.book, { title, pages })
  res.json(req.book)
})
app.delete('/books/:id', find, (req, res) => {
  books.delete(req.book.id)
  res.sendStatus(204)
})

app.use((err, req, res, next) => res.status(err.status ?? 500).json({ error: err.type ?? 'internal' }))

const server = app.listen(process.argv[2] ?? 3000, () => console.log(server.address().port))
