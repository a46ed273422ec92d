// Node's own http, without a framework: node node_http.mjs PORT
import http from 'node:http';

const send = (res, type, body) => {
    const octets = Buffer.from(body);
    res.writeHead(200, { 'Content-Type': type, 'Content-Length': octets.length });
    res.end(octets);
};

http.createServer((req, res) => {
    if (req.url === '/plaintext') return send(res, 'text/plain', 'Hello, World!');
    if (req.url === '/json') return send(res, 'application/json', JSON.stringify({ message: 'Hello, World!' }));
    if (req.url.startsWith('/users/')) return send(res, 'text/plain', req.url.slice('/users/'.length));
    if (req.url === '/echo-json') {
        const pieces = [];
        req.on('data', (piece) => pieces.push(piece));
        req.on('end', () => send(res, 'application/json', JSON.stringify(JSON.parse(Buffer.concat(pieces)))));
        return;
    }
    res.writeHead(404, { 'Content-Length': 0 }).end();
}).listen(Number(process.argv[2]), '127.0.0.1', 4096);
