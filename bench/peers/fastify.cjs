// Fastify, with the schema it wants for fast JSON: node fastify.cjs PORT
const app = require('fastify')();
const sendId = (req, reply) => { reply.type('text/plain').send(req.params.id); };
const schema = { response: { 200: { type: 'object', properties: { message: { type: 'string' } } } } };

for (let i = Number(process.env.MW || 0); i > 0; i--) app.addHook('onRequest', (req, reply, done) => done());
for (let i = 0; i < Number(process.env.ROUTES || 0); i++) app.get(`/api/v1/resource${i}/:id/detail`, sendId);
app.get('/plaintext', (req, reply) => { reply.type('text/plain').send('Hello, World!'); });
app.get('/json', { schema }, (req, reply) => { reply.send({ message: 'Hello, World!' }); });
app.get('/users/:id', sendId);
app.post('/echo-json', (req, reply) => { reply.send(req.body); });
app.listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 });
