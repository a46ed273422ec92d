// Cookies: plain, JSON, signed.
import express from 'express'
import cookieParser from 'cookie-parser'

const app = express()
app.use(cookieParser(['new secret', 'old secret']))

app.get('/', (req, res) => res.json({ plain: req.cookies, signed: req.signedCookies }))
app.get('/set', (req, res) => {
  res.cookie('theme', 'dark & quiet', { maxAge: 60000, httpOnly: true, sameSite: 'lax' })
  res.cookie('cart', { items: [1, 2] }, { path: '/shop', secure: true })
  res.send('set')
})
app.get('/sign', (req, res) => {
  res.cookie('user', 'ada', { signed: true, httpOnly: true })
  res.send('signed')
})
app.get('/clear', (req, res) => {
  res.clearCookie('theme')
  res.send('cleared')
})
app.get('/bad', (req, res) => {
  res.cookie('na me', 'x')
  res.send('never')
})

const server = app.listen(process.argv[2] ?? 3000, () => console.log(server.address().port))
