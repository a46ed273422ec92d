// Express, as its guide shows it: node express.cjs PORT
const express = require('express');
const app = express();
const sendId = (req, res) => res.type('text/plain').send(req.params.id);

for (let i = Number(process.env.MW || 0); i > 0; i--) app.use((req, res, next) => next());
for (let i = 0; i < Number(process.env.ROUTES || 0); i++) app.get(`/api/v1/resource${i}/:id/detail`, sendId);
app.get('/plaintext', (req, res) => res.type('text/plain').send('Hello, World!'));
app.get('/json', (req, res) => res.json({ message: 'Hello, World!' }));
app.get('/users/:id', sendId);
app.post('/echo-json', express.json(), (req, res) => res.json(req.body));
app.listen(Number(process.argv[2]), '127.0.0.1', 4096);
