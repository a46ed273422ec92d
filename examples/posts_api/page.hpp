// The web page of posts_api: lists posts and shows the delay of the loop live. One piece, nothing loaded from elsewhere.
// SPDX-License-Identifier: MIT
#pragma once

inline constexpr char page[] = R"html(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>crema: posts</title>
<style>
  :root { color-scheme: light dark; --accent: #8a5a2b; }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { margin-bottom: 0; }
  section { margin-top: 2rem; }
  article { border-left: 3px solid var(--accent); padding-left: 1rem; margin: 1rem 0; }
  article h3 { margin: 0; }
  small { opacity: .7; }
  canvas { width: 100%; height: 80px; border: 1px solid #8886; border-radius: 4px; }
  button { font: inherit; padding: .3rem .8rem; margin-right: .5rem; }
  output { font-variant-numeric: tabular-nums; }
</style>
<h1>Posts</h1>
<small>one thread, one event loop, nothing blocks</small>
<section>
  <h2>Delay of the loop</h2>
  <canvas id="chart" width="720" height="80"></canvas>
  <p>now <output id="now">–</output> ms, p99 <output id="p99">–</output> ms, worst <output id="max">–</output> ms</p>
  <button id="good">Report, on the pool</button>
  <button id="bad">Report, blocking the loop</button>
  <output id="report"></output>
</section>
<section>
  <h2>Latest</h2>
  <div id="posts">loading…</div>
</section>
<script>
const by_id = id => document.getElementById(id);

async function load_posts() {
  const posts = await (await fetch('/api/posts')).json();
  by_id('posts').replaceChildren(...posts.map(p => {
    const article = document.createElement('article');
    const title = document.createElement('h3'), text = document.createElement('p'), by = document.createElement('small');
    title.textContent = p.title;
    text.textContent = p.body;
    by.textContent = `${p.author}, ${p.created_at}`;
    article.append(title, text, by);
    return article;
  }));
}

const history = [];
function draw() {
  const canvas = by_id('chart'), pen = canvas.getContext('2d'), top = Math.max(10, ...history);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = '#8a5a2b';
  history.forEach((ms, i) => {
    const height = Math.max(1, ms / top * (canvas.height - 4));
    pen.fillRect(i * 6, canvas.height - height, 5, height);
  });
}
async function watch_loop() {
  try {
    const lag = await (await fetch('/api/loop')).json();
    history.push(lag.now_ms);
    if (history.length > 120) history.shift();
    by_id('now').textContent = lag.now_ms.toFixed(2);
    by_id('p99').textContent = lag.p99_ms.toFixed(2);
    by_id('max').textContent = lag.max_ms.toFixed(2);
    draw();
  } catch {
    by_id('now').textContent = 'gone';
  }
  setTimeout(watch_loop, 500);
}
async function report(path) {
  const began = performance.now();
  by_id('report').textContent = 'working…';
  const r = await (await fetch(path)).json();
  by_id('report').textContent = `${r.primes} primes below ${r.below} in ${Math.round(performance.now() - began)} ms`;
}
by_id('good').onclick = () => report('/api/report');
by_id('bad').onclick = () => report('/api/report-wrong');
load_posts();
watch_loop();
</script>
</html>
)html";
